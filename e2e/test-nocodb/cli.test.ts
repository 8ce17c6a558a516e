import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHome, type Home } from '../../packages/cli/test/support/latchkey.ts'
import { type RunningNocoDB, startNocoDB } from '../src/nocodb/server.ts'

const email = 'ada@example.com'
const password = 'CANARY-7f3a correct horse'
// Long enough for twenty processes to start within it, on a busy machine too.
const accessTokenLifetimeMs = 20_000

describe('latchkey and the real NocoDB server', () => {
  let server: RunningNocoDB
  let home: Home
  const run = (...args: string[]) => home.run(args)
  const me = async () => JSON.parse((await run('request', 'GET', '/api/v1/auth/user/me')).stdout)

  beforeAll(async () => {
    server = await startNocoDB({ accessTokenLifetimeMs, createAdmin: false })
    home = createHome()
  })
  afterAll(async () => {
    home?.remove()
    await server?.stop()
  })

  test('sign-up at a terminal makes a user, signs in and keeps the session', async () => {
    const { code, shown } = await home.type(
      ['sign-up', server.url],
      [
        ['E-mail', email],
        ['Password', password],
      ],
    )
    expect({ code, shown }).toMatchObject({ code: 0, shown: expect.stringContaining('Signed in') })
    expect(await me()).toMatchObject({ email })
  })

  test('sign-in with the password on stdin does as well', async () => {
    const args = ['sign-in', server.url, '--email', email, '--stdin']
    expect((await home.run(args, { stdin: password })).code).toBe(0)
    expect(await me()).toMatchObject({ email })
  })

  test('twenty processes at once across an expiry print the same token, and it works', async () => {
    await wait(accessTokenLifetimeMs + 1000)
    const ended = await Promise.all(Array.from({ length: 20 }, () => run('token')))
    const [token = '', ...others] = new Set(ended.map(({ stdout }) => stdout.trim()))
    expect(others).toEqual([])
    const response = await fetch(`${server.url}/api/v1/auth/user/me`, {
      headers: { 'xc-auth': token },
    })
    expect(await response.json()).toMatchObject({ email })
    expect((await run('status', '--json')).stdout).toContain('"renewable":true')
  })

  test('API tokens are created, used and deleted', async () => {
    const created = await run('api-tokens', 'create', 'from the command line')
    const [, id = ''] = /API token (\d+)/.exec(created.stderr) ?? []
    const env = { NOCODB_URL: server.url, NOCODB_API_TOKEN: created.stdout.trim() }
    const { code } = await home.run(['request', 'GET', '/api/v2/meta/bases'], { env })
    expect(code).toBe(0)
    expect((await run('api-tokens', 'list')).stdout).toContain('from the command line')
    expect((await run('api-tokens', 'delete', id)).code).toBe(0)
    expect((await run('api-tokens', 'list')).stdout).not.toContain('from the command line')
  })

  test('doctor finds everything well', async () => {
    const { code, stdout } = await run('doctor')
    expect({ code, stdout }).toMatchObject({ code: 0 })
  })

  test('sign-out ends the session for good', async () => {
    const token = (await run('token')).stdout.trim()
    expect((await run('sign-out')).code).toBe(0)
    expect((await run('request', 'GET', '/api/v2/meta/bases')).code).toBe(3)
    const headers = { 'xc-auth': token }
    expect((await fetch(`${server.url}/api/v2/meta/bases`, { headers })).status).toBe(401)
  })
})
