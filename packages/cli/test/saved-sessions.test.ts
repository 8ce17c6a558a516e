import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileStore } from '@latchkey/stores/file'
import { describe, expect, it } from 'vitest'
import { ada, bob, useScene } from './support/scene.ts'

const scene = useScene()
const run = (...args: string[]) => scene.home.run(args)
const list = () => join(scene.home.sessions(), 'sessions.json')
const sessions = async () => JSON.parse((await run('status', '--json')).stdout)

describe('the list of sessions', () => {
  it('holds no secret, and only the user can read it', async () => {
    await scene.signIn()
    expect(readFileSync(list(), 'utf8')).not.toMatch(/CANARY|eyJ/)
    expect(statSync(list()).mode & 0o077).toBe(0)
  })

  it.each([
    ['torn', '{"sessions":'],
    ['of another kind', '[]'],
    ['with a session in an unknown store', '{"version":1,"sessions":[{"name":"a","url":"a"}]}'],
  ])('%s ends with 5 and prints what to do', async (_, text) => {
    await scene.signIn()
    writeFileSync(list(), text)
    const { code, stderr } = await run('status')
    expect(code).toBe(5)
    expect(stderr).toContain('Remove that file and sign in again')
  })

  it('of a newer version stays as it is, even at a sign-in', async () => {
    await scene.signIn()
    writeFileSync(list(), '{"version":2}')
    expect(await run('status')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('update it'),
    })
    expect((await scene.signIn()).code).toBe(5)
    expect(readFileSync(list(), 'utf8')).toBe('{"version":2}')
  })

  it('that other users can write is refused, because it decides where tokens are sent', async () => {
    await scene.signIn()
    chmodSync(list(), 0o666)
    const { code, stderr } = await run('token')
    expect(code).toBe(5)
    expect(stderr).toContain('Others can write')
  })

  it('keeps all sessions when several processes sign in at once', async () => {
    const users = Array.from({ length: 8 }, (_, at) => ({ ...ada, email: `u${at}@example.com` }))
    for (const user of users) scene.double.control.addUser(user)
    const ended = await Promise.all(users.map((user) => scene.signIn(user, '--name', user.email)))
    expect(ended.map(({ code }) => code)).toEqual(users.map(() => 0))
    expect(await sessions()).toHaveLength(8)
  })
})

describe('an unusable HOME', () => {
  it('without HOME the message names the variable', async () => {
    const env = { HOME: '', LOCALAPPDATA: '' }
    const { code, stderr } = await scene.home.run(['status'], { env })
    expect(code).toBe(2)
    expect(stderr).toMatch(/Set (HOME|LOCALAPPDATA)/)
  })

  it('without HOME an API token from the environment still works', async () => {
    const { token } = scene.double.control.createApiToken(ada.email)
    const env = { HOME: '', LOCALAPPDATA: '', NOCODB_URL: scene.url, NOCODB_API_TOKEN: token }
    const { code, stdout } = await scene.home.run(['token'], { env })
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${token}\n` })
  })

  it('a sign-in ends with 5 if nothing can be written', async () => {
    const file = join(scene.home.folder, 'file')
    writeFileSync(file, '')
    const env = { HOME: file, LOCALAPPDATA: file }
    const args = ['sign-in', scene.url, '--email', ada.email, '--stdin']
    const { code, stderr } = await scene.home.run(args, { env, stdin: ada.password })
    expect(code).toBe(5)
    expect(stderr).not.toContain('CANARY')
    expect(scene.double.control.counts().signIns).toBe(0)
  })
})

describe('users of one server', () => {
  it('who sign in again keep their session’s name', async () => {
    await scene.signIn(ada)
    await scene.signIn(bob)
    await run('sign-out', '--session', ada.email)
    await scene.signIn({ ...bob, email: 'Bob@example.com' })
    expect(await sessions()).toMatchObject([{ name: `${scene.url}#${bob.email}` }])
  })

  it('one in the environment does not replace the saved session of another', async () => {
    await scene.signIn(ada)
    const env = { NOCODB_URL: scene.url, NOCODB_EMAIL: bob.email, NOCODB_PASSWORD: bob.password }
    await scene.home.run(['token'], { env })
    const { stdout } = await run('request', 'GET', '/api/v1/auth/user/me')
    expect(JSON.parse(stdout)).toMatchObject({ email: ada.email })
    expect(scene.double.control.counts().signIns).toBe(2)
    await scene.home.run(['token'], { env })
    expect(scene.double.control.counts().signIns).toBe(2)
  })

  it('NOCODB_URL alone never selects a session at another server', async () => {
    await scene.signIn(ada)
    const env = { NOCODB_URL: 'https://elsewhere.example.com' }
    const { code, stderr } = await scene.home.run(['token'], { env })
    expect(code).toBe(3)
    expect(stderr).toContain('latchkey sign-in https://elsewhere.example.com')
    const same = { NOCODB_URL: `${scene.url}/` }
    expect((await scene.home.run(['token'], { env: same })).code).toBe(0)
  })

  it('are found by the whole name before a part of a name', async () => {
    const lada = { ...ada, email: `l${ada.email}` }
    scene.double.control.addUser(lada)
    await scene.signIn(lada)
    await scene.signIn(ada)
    expect((await run('use', ada.email.toUpperCase())).code).toBe(0)
    expect((await run('token', '--session', '')).code).toBe(2)
  })
})

describe('a second sign-in with the same name', () => {
  it('as another user reports the replaced session and removes its tokens', async () => {
    const { token } = scene.double.control.createApiToken(ada.email)
    await scene.signIn(ada, '--name', 'work')
    const args = ['sign-in', scene.url, '--api-token', '--stdin', '--name', 'work']
    const { stderr } = await scene.home.run(args, { stdin: `${token}\r\n` })
    expect(stderr).toContain(`The session "work", of ${ada.email}`)
    expect(await fileStore({ directory: scene.home.sessions() }).names()).toEqual(['work'])
    expect((await run('token')).stdout).toBe(`${token}\n`)
  })
})

it('a password on stdin may end with a Windows line end', async () => {
  const args = ['sign-in', scene.url, '--email', ada.email, '--stdin']
  expect((await scene.home.run(args, { stdin: `${ada.password}\r\n` })).code).toBe(0)
})

it('two lines on stdin are refused as a password', async () => {
  const args = ['sign-in', scene.url, '--email', ada.email, '--stdin']
  const { code, stderr } = await scene.home.run(args, { stdin: `${ada.password}\nCANARY-7f3a\n` })
  expect(code).toBe(2)
  expect(stderr).not.toContain('CANARY')
})
