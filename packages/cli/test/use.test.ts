import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const run = (...args: string[]) => scene.home.run(args)

describe('token', () => {
  it('prints the token alone', async () => {
    await scene.signIn()
    const { code, stdout, stderr } = await run('token')
    expect(code).toBe(0)
    expect(stderr).toBe('')
    const headers = { 'xc-auth': stdout.trim() }
    const response = await fetch(`${scene.url}/api/v1/auth/user/me`, { headers })
    expect(await response.json()).toMatchObject({ email: ada.email })
  })

  it('--header prints what curl takes', async () => {
    await scene.signIn()
    const { stdout } = await run('token', '--header')
    expect(stdout).toMatch(/^xc-auth: eyJ[\w.-]+\n$/)
  })

  it('--json tells the header and the expiry too', async () => {
    await scene.signIn()
    const told = JSON.parse((await run('token', '--json')).stdout)
    expect(told).toMatchObject({ url: scene.url, header: { name: 'xc-auth', value: told.token } })
  })

  it('warns on a terminal', async () => {
    await scene.signIn()
    expect((await scene.home.type(['token'], [])).shown).toContain('is a secret')
  })

  it('renews a token that has expired', async () => {
    await scene.signIn()
    scene.double.control.revokeAccessTokens(ada.email)
    expect((await run('request', 'GET', '/api/v1/auth/user/me')).code).toBe(0)
    expect(scene.double.control.counts()).toMatchObject({ signIns: 1, renewals: 1 })
  })

  it('of a session that is over ends with 3 and tells to sign in', async () => {
    await scene.signIn()
    scene.double.control.revokeSessions(ada.email)
    const { code, stderr } = await run('request', 'GET', '/api/v2/meta/bases')
    expect(code).toBe(3)
    expect(stderr).toContain('Sign in again')
  })
})

describe('request', () => {
  it('prints what the server answered, as it is in a pipe', async () => {
    await scene.signIn()
    const { stdout } = await run('request', 'get', 'api/v1/auth/user/me')
    expect(JSON.parse(stdout)).toMatchObject({ email: ada.email })
    expect(stdout.split('\n')).toHaveLength(2)
  })

  it('sends a body from stdin or a file', async () => {
    await scene.signIn()
    const { tableId } = scene.double.control.addTable()
    const path = `/api/v2/tables/${tableId}/records`
    const args = ['request', 'POST', path, '--input']
    expect((await scene.home.run([...args, '-'], { stdin: '{"Title":"one"}' })).code).toBe(0)
    const file = join(scene.home.folder, 'row.json')
    writeFileSync(file, '{"Title":"two"}')
    expect((await run(...args, file)).code).toBe(0)
    const { list } = JSON.parse((await run('request', 'GET', path)).stdout)
    expect(list.map(({ Title }: { Title: string }) => Title)).toEqual(['one', 'two'])
  })

  it('an answer of 404 is printed and ends with 6', async () => {
    await scene.signIn()
    const { code, stdout, stderr } = await run('request', 'GET', '/api/v2/nowhere')
    expect(code).toBe(6)
    expect(stdout).not.toBe('')
    expect(stderr).toContain('404')
  })

  it('another origin gets neither request nor token', async () => {
    await scene.signIn()
    expect((await run('request', 'GET', 'https://example.com/')).code).toBe(2)
    expect((await run('request', 'GET', '//example.com/')).code).toBe(6) // a path on the server itself
  })

  it('a header line without a name is refused without being repeated', async () => {
    await scene.signIn()
    const { code, stderr } = await run('request', 'GET', '/', '-H', ': CANARY-7f3a')
    expect(code).toBe(2)
    expect(stderr).not.toContain('CANARY')
  })
})

describe('run', () => {
  const show = [
    '-e',
    'console.log(JSON.stringify([process.env.LATCHKEY_HEADER, process.argv.slice(1)]))',
  ]

  it('puts the token into the environment, not into the arguments', async () => {
    await scene.signIn()
    const { stdout } = await run('run', '--', process.execPath, ...show, 'one', '--two')
    expect(JSON.parse(stdout)).toEqual([expect.stringMatching(/^xc-auth: eyJ/), ['one', '--two']])
  })

  it('ends as the command did', async () => {
    await scene.signIn()
    expect((await run('run', '--', process.execPath, '-e', 'process.exit(7)')).code).toBe(7)
    const kill = 'process.kill(process.pid, "SIGTERM")'
    expect((await run('run', '--', process.execPath, '-e', kill)).code).toBe(143)
  })

  it('a command that does not exist ends with 2', async () => {
    await scene.signIn()
    expect((await run('run', '--', 'no-such-command')).code).toBe(2)
  })

  it('an API token is handed on as nocodbFromEnv reads it', async () => {
    const { token } = scene.double.control.createApiToken(ada.email)
    await scene.home.run(['sign-in', scene.url, '--api-token', '--stdin'], { stdin: token })
    const code = 'console.log(process.env.NOCODB_URL, process.env.NOCODB_API_TOKEN)'
    const { stdout } = await run('run', '--', process.execPath, '-e', code)
    expect(stdout).toBe(`${scene.url} ${token}\n`)
  })
})

describe('api-tokens', () => {
  it('are created, listed without their secret, and deleted', async () => {
    await scene.signIn()
    const created = await run('api-tokens', 'create', 'nightly export')
    const [, id = ''] = /API token (\d+)/.exec(created.stderr) ?? []
    const token = created.stdout.trim()
    const { stdout } = await run('api-tokens', 'list')
    expect(stdout).toMatch(new RegExp(`^${id} +nightly export$`, 'm'))
    expect(stdout).not.toContain(token)
    expect((await run('api-tokens', 'delete', id)).code).toBe(0)
    expect(JSON.parse((await run('api-tokens', 'list', '--json')).stdout)).toEqual([])
  })

  it('what is no id ends with 2', async () => {
    await scene.signIn()
    expect((await run('api-tokens', 'delete', 'CANARY-7f3a')).code).toBe(2)
  })
})
