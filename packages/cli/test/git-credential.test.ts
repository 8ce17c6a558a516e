import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileStore } from '@latchkey/stores/file'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGitServer, type GitServer } from './support/git-server.ts'
import { main } from './support/latchkey.ts'
import { useScene } from './support/scene.ts'

const scene = useScene()
const challenge = { 'www-authenticate': 'Basic realm="repositories"' }

let repositories: GitServer
let server: ListeningServer
let state: { issued: number; alive: string; users: string[] }

const issue = () => {
  state.issued += 1
  state.alive = `CANARY-7f3a-${state.issued}`
  return { access_token: state.alive, expires_in: 3600, refresh_token: `CANARY-r${state.issued}` }
}

/** A server of repositories that takes the newest token it gave, as a password. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/login' || pathname === '/refresh') return Response.json(issue())
  const [, encoded = ''] = (request.headers.get('authorization') ?? '').split('Basic ')
  const [user = '', password] = atob(encoded).split(':')
  if (password !== state.alive) return new Response('', { status: 401, headers: challenge })
  state.users.push(user)
  return repositories.fetch(request)
}

beforeEach(async () => {
  state = { issued: 0, alive: '', users: [] }
  repositories = createGitServer()
  server = await listen({ fetch: answer })
})
afterEach(async () => {
  await server.close()
  repositories.remove()
})

const signIn = (url = server.url, user = 'ada', more: string[] = []) =>
  scene.home.run(['sign-in', url, '--user', user, '--sign-in-path', '/login', '--stdin', ...more], {
    stdin: 'CANARY-7f3a',
  })
const renewable = ['--refresh-path', '/refresh']

/** Real git, with this command as its only helper, as the shell that git starts would find it. */
async function git(...args: string[]) {
  const helper = `!'${process.execPath}' '${main}' git-credential`
  const config = ['-c', 'credential.helper=', '-c', `credential.helper=${helper}`]
  const env = { ...scene.home.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' }
  const child = spawn('git', [...config, ...args], { env, cwd: scene.home.folder })
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code: child.exitCode, stdout, stderr }
}

/** One call of the protocol, without git. */
const ask = (operation: string, lines: string[], args: string[] = []) =>
  scene.home.run(['git-credential', operation, ...args], { stdin: `${lines.join('\n')}\n\n` })
const about = (url = server.url) => ['protocol=http', `host=${new URL(url).host}`]

describe('git', () => {
  it('clones and pushes with the session of the server', async () => {
    await signIn()
    const cloned = await git('clone', `${server.url}/repo.git`, 'cloned')
    expect(cloned).toMatchObject({ code: 0 })
    expect((await git('-C', 'cloned', 'push', 'origin', 'HEAD:refs/heads/more')).code).toBe(0)
    expect(new Set(state.users)).toEqual(new Set(['oauth2']))
    expect(cloned.stderr + cloned.stdout).not.toContain('CANARY')
  })

  it('gets a renewed token after the server rejected the old one', async () => {
    await signIn(server.url, 'ada', renewable)
    state.alive = 'revoked'
    const list = () => git('ls-remote', `${server.url}/repo.git`)
    expect((await list()).code).not.toBe(0)
    expect(await list()).toMatchObject({ code: 0, stdout: expect.stringContaining('HEAD') })
    expect(state.issued).toBe(2)
  })

  it('gets a token that is renewed ahead of its expiry', async () => {
    await signIn(server.url, 'ada', renewable)
    const store = fileStore({ directory: scene.home.sessions() })
    const tokens = (await store.getToken(server.url))!
    await store.setToken({ ...tokens, expiresAt: Date.now() + 5_000 }, server.url)
    expect((await git('ls-remote', `${server.url}/repo.git`)).code).toBe(0)
    expect(state.issued).toBe(2)
  })

  it('gets no token for another server', async () => {
    await signIn(scene.url)
    const { code, stderr } = await git('ls-remote', `${server.url}/repo.git`)
    expect(code).not.toBe(0)
    expect(stderr).toContain('could not read Username')
    expect(state.users).toEqual([])
  })
})

describe('get', () => {
  it('returns the user name that git asked for, and when the token expires', async () => {
    await signIn()
    const { code, stdout } = await ask('get', [...about(), 'username=x-token-auth'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^username=x-token-auth\npassword=CANARY-7f3a-1\npassword_expiry_utc=\d{10}\n$/,
    )
  })

  it('uses the session of git’s user name, else the current one', async () => {
    await signIn(server.url, 'ada')
    await signIn(server.url, 'bob')
    const passwordOf = async (...more: string[]) =>
      /password=(.*)/.exec((await ask('get', [...about(), ...more])).stdout)?.[1]
    expect(await passwordOf('username=ADA')).toBe('CANARY-7f3a-1')
    expect(await passwordOf()).toBe('CANARY-7f3a-2')
    await scene.home.run(['use', server.url])
    expect(await passwordOf()).toBe('CANARY-7f3a-1')
  })

  it('returns a bearer token if git can send one and the server asks for one', async () => {
    await signIn()
    const able = ['capability[]=authtype', 'capability[]=state']
    const bearer = await ask('get', [...about(), ...able, 'wwwauth[]=Bearer realm="x"'])
    expect(bearer.stdout).toMatch(
      /^capability\[\]=authtype\nauthtype=Bearer\ncredential=CANARY-7f3a-1\nephemeral=1\npassword_expiry_utc=/,
    )
    const basic = await ask('get', [...about(), ...able, 'wwwauth[]=Basic realm="x"'])
    const old = await ask('get', [...about(), 'wwwauth[]=Bearer realm="x"'])
    for (const { stdout } of [basic, old]) expect(stdout).toMatch(/^username=oauth2\npassword=/)
  })

  it('returns no token for another scheme, host or port, even with --session', async () => {
    await signIn()
    const { host } = new URL(server.url)
    const others = [
      ['protocol=https', `host=${host}`],
      ['protocol=http', 'host=127.0.0.1:1'],
      ['protocol=http', `host=localhost:${new URL(server.url).port}`],
      ['protocol=smtp', `host=${host}`],
      ['protocol=http', `host=${host}.example.com`],
      ['protocol=http', `host=evil.example.com#@${host}`],
      [],
    ]
    for (const lines of others) {
      expect(await ask('get', lines, ['--session', server.url])).toMatchObject({
        code: 0,
        stdout: '',
      })
    }
  })

  it('prints what to do when the session is over', async () => {
    await signIn()
    const store = fileStore({ directory: scene.home.sessions() })
    await store.removeToken(server.url)
    const { code, stdout, stderr } = await ask('get', about())
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain('latchkey')
  })
})

it('a token that was renewed since git got it is not renewed again', async () => {
  await signIn(server.url, 'ada', renewable)
  expect((await ask('erase', [...about(), 'password=CANARY-7f3a-0'])).code).toBe(0)
  expect(state.issued).toBe(1)
  expect(
    (await ask('erase', [...about(), 'authtype=Bearer', 'credential=CANARY-7f3a-1'])).code,
  ).toBe(0)
  expect(state.issued).toBe(2)
})

it('`store` and unknown operations change nothing', async () => {
  await signIn()
  for (const operation of ['store', 'capability', 'else']) {
    const lines = [...about(), 'username=ada', 'password=CANARY-7f3a-1']
    expect(await ask(operation, lines)).toMatchObject({ code: 0, stdout: '', stderr: '' })
  }
  expect(state.issued).toBe(1)
})
