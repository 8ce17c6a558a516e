import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const user = () => ({ NOCODB_EMAIL: ada.email, NOCODB_PASSWORD: ada.password })
/** Another name of this machine that is not known as such, so it stands for another host. */
const elsewhere = () => scene.url.replace('127.0.0.1', '0.0.0.0')

describe('plain http to another host, by the environment', () => {
  const commands: readonly (readonly [string, (...options: string[]) => string[]])[] = [
    ['token', (...options) => ['token', ...options]],
    ['request', (...options) => ['request', ...options, 'GET', '/api/v1/auth/user/me']],
    ['run', (...options) => ['run', ...options, '--', process.execPath, '--version']],
    ['api-tokens list', (...options) => ['api-tokens', 'list', ...options]],
  ]

  it.each(commands)(
    '%s refuses it, and accepts it with the option that the message advises',
    async (_, args) => {
      const env = { NOCODB_URL: elsewhere(), ...user() }
      const refused = await scene.home.run(args(), { env })
      expect(refused.code).toBe(2)
      expect(refused.stderr).toMatch(
        /read the password.*--allow-insecure.*LATCHKEY_ALLOW_INSECURE=1/,
      )
      expect((await scene.home.run(args('--allow-insecure'), { env })).code).toBe(0)
      const allowed = { ...env, LATCHKEY_ALLOW_INSECURE: '1' }
      expect((await scene.home.run(args(), { env: allowed })).code).toBe(0)
    },
  )

  it('with an API token, the message names the token as the secret at risk', async () => {
    const env = { NOCODB_URL: elsewhere(), NOCODB_API_TOKEN: 'nc_CANARY-7f3a' }
    const { code, stderr } = await scene.home.run(['token'], { env })
    expect(code).toBe(2)
    expect(stderr).toContain('read the API token')
    expect(stderr).not.toContain('CANARY')
  })

  it('doctor shows the variable and uses it', async () => {
    const env = { NOCODB_URL: elsewhere(), ...user() }
    expect((await scene.home.run(['doctor'], { env })).stdout).toContain('LATCHKEY_ALLOW_INSECURE')
    expect((await scene.home.run(['doctor', '--allow-insecure'], { env })).code).toBe(0)
  })

  it('a session signed in with the variable works later without it', async () => {
    const args = ['sign-in', elsewhere(), '--email', ada.email, '--stdin']
    expect((await scene.home.run(args, { stdin: ada.password })).code).toBe(2)
    const env = { LATCHKEY_ALLOW_INSECURE: 'true' }
    expect((await scene.home.run(args, { stdin: ada.password, env })).code).toBe(0)
    expect((await scene.home.run(['token'])).code).toBe(0)
    expect((await scene.home.run(['sign-out'])).code).toBe(0)
  })

  it.each(['', '0', 'no'])('LATCHKEY_ALLOW_INSECURE=%j allows nothing', async (said) => {
    const env = { NOCODB_URL: elsewhere(), ...user(), LATCHKEY_ALLOW_INSECURE: said }
    expect((await scene.home.run(['token'], { env })).code).toBe(2)
  })

  it('a value that is neither yes nor no ends with an error', async () => {
    const env = { NOCODB_URL: scene.url, ...user(), LATCHKEY_ALLOW_INSECURE: 'perhaps' }
    expect(await scene.home.run(['token'], { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('LATCHKEY_ALLOW_INSECURE to 1 or 0'),
    })
  })
})

it('a password in NOCODB_URL is refused, and the message names the variables to set', async () => {
  const env = { NOCODB_URL: scene.url.replace('//', '//ada:CANARY-7f3a@'), ...user() }
  const { code, stderr } = await scene.home.run(['token'], { env })
  expect(code).toBe(2)
  expect(stderr).toContain('set NOCODB_EMAIL and NOCODB_PASSWORD')
  expect(stderr).not.toMatch(/CANARY|--user/)
})

describe.skipIf(process.platform === 'win32')('a HOME where sessions cannot be saved', () => {
  const homes = { none: '', root: '/', relative: 'state', 'a file': 'file', '/proc': '/proc' }
  const commands = [
    ['token'],
    ['request', 'GET', '/api/v1/auth/user/me'],
    ['run', '--', process.execPath, '--version'],
    ['api-tokens', 'list'],
    ['doctor'],
    ['status'],
  ]

  it.each(Object.entries(homes))(
    '%s: credentials from the environment still work',
    async (_, HOME) => {
      const file = join(scene.home.folder, 'file')
      writeFileSync(file, '')
      const env = { HOME: HOME === 'file' ? file : HOME, NOCODB_URL: scene.url, ...user() }
      const ended = await Promise.all(commands.map((args) => scene.home.run(args, { env })))
      expect(ended.map(({ code }) => code)).toEqual(commands.map(() => 0))
    },
  )

  it('without credentials the message asks to set HOME', async () => {
    const { code, stderr } = await scene.home.run(['token'], { env: { HOME: '/' } })
    expect(code).toBe(2)
    expect(stderr).toContain('Set HOME')
  })
})

it('credentials from the environment work beside a damaged list of sessions', async () => {
  await scene.signIn()
  writeFileSync(join(scene.home.sessions(), 'sessions.json'), '{"version":')
  const env = { NOCODB_URL: scene.url, ...user() }
  expect(await scene.home.run(['token'], { env })).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('damaged'),
  })
})
