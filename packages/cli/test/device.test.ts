import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import process from 'node:process'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createHome, type Home, main } from './support/latchkey.ts'

type Answers = (string | { status: number })[]

/** A server with the device flow, and refresh tokens that work once. `polls`: what is answered before the tokens. */
function createServer() {
  const state = {
    polls: ['authorization_pending'] as Answers,
    at: [] as number[],
    devices: 0,
    reuses: 0,
  }
  const refresh = new Set<string>()
  let device: Record<string, unknown> = { expires_in: 60, interval: 1 }
  let issued = 0
  let alive = ''
  const issue = () => {
    issued += 1
    alive = `CANARY-7f3a-${issued}`
    refresh.add(`CANARY-7f3a-r${issued}`)
    return { access_token: alive, token_type: 'Bearer', refresh_token: `CANARY-7f3a-r${issued}` }
  }
  const app = new Hono()
  app.get('/.well-known/oauth-authorization-server', (c) => {
    const { origin } = new URL(c.req.url)
    const endpoints = {
      token_endpoint: `${origin}/token`,
      device_authorization_endpoint: `${origin}/device`,
    }
    return c.json({ issuer: origin, ...endpoints, response_types_supported: ['code'] })
  })
  app.post('/device', (c) => {
    state.devices += 1
    const { origin } = new URL(c.req.url)
    const more = { user_code: 'WDJB-MJHT', verification_uri: `${origin}/activate\u001B[31m` }
    return c.json({ device_code: 'CANARY-7f3a-device', ...more, ...device })
  })
  app.post('/token', async (c) => {
    const form = await c.req.parseBody()
    if (form['grant_type'] === 'refresh_token') {
      if (refresh.delete(form['refresh_token'] as string)) return c.json(issue())
      state.reuses += 1
      return c.json({ error: 'invalid_grant' }, 400)
    }
    if (form['device_code'] !== 'CANARY-7f3a-device')
      return c.json({ error: 'invalid_request' }, 400)
    state.at.push(Date.now())
    const said = state.polls.shift()
    if (typeof said === 'object') return new Response('', said)
    return said ? c.json({ error: said }, 400) : c.json(issue())
  })
  app.post('/refresh', async (c) => {
    const { refresh_token: given } = await c.req.json<{ refresh_token?: string }>()
    if (refresh.delete(given ?? '')) return c.json(issue())
    state.reuses += 1
    return c.json({}, 401)
  })
  app.get('/items', (c) =>
    c.req.header('authorization') === `Bearer ${alive}` ? c.json([]) : c.json({}, 401),
  )
  return {
    fetch: (request: Request) => app.fetch(request),
    state,
    issue,
    expire: () => (alive = ''),
    says: (fields: Record<string, unknown>) => (device = fields),
  }
}

vi.setConfig({ testTimeout: 60_000 })
let api: ReturnType<typeof createServer>
let server: ListeningServer
let home: Home
beforeEach(async () => {
  api = createServer()
  server = await listen(api)
  home = createHome()
})
afterEach(async () => {
  home.remove()
  await server.close()
})

const args = () => ['sign-in', server.url, '--issuer', server.url, '--client-id', 'cli']
const byDevice = (...more: string[]) => home.run([...args(), '--device', ...more])
const items = async () => (await home.run(['request', 'GET', '/items'])).code

describe('a sign-in by a code', () => {
  it('prints where to enter the code, waits, and later renews without the user', async () => {
    const { code, stdout, stderr } = await byDevice()
    expect(code).toBe(0)
    expect(stderr).toMatch(/\/activate in any browser and enter the code WDJB-MJHT/)
    expect(stdout + stderr).not.toMatch(/CANARY|\u001B/) // oxlint-disable-line no-control-regex
    expect(api.state.at).toHaveLength(2)
    api.expire()
    expect(await items()).toBe(0)
    expect(api.state.devices).toBe(1)
    expect((await home.run(['status'])).stdout).toMatch(/renewable +yes/)
  })

  it('asks less often when the server says so', async () => {
    api.state.polls = ['slow_down']
    expect((await byDevice()).code).toBe(0)
    const [first = 0, second = 0] = api.state.at
    expect(second - first).toBeGreaterThanOrEqual(5_900)
  })

  it('goes on after the server answered 503', async () => {
    api.state.polls = [{ status: 503 }]
    expect((await byDevice()).code).toBe(0)
  })

  it.each([
    ['access_denied', 6, 'denied'],
    ['expired_token', 3, 'expired'],
    ['invalid_client', 6, 'invalid_client'],
  ])('%s ends the sign-in with %i and saves no session', async (said, code, told) => {
    api.state.polls = [said]
    expect(await byDevice()).toMatchObject({ code, stderr: expect.stringContaining(told) })
    expect((await home.run(['status'])).stderr).toContain('not signed in')
  })

  it('ends when the code expires, even if the server still answers "pending"', async () => {
    api.says({ expires_in: 2, interval: 1 })
    api.state.polls = Array.from({ length: 9 }, () => 'authorization_pending')
    expect(await byDevice()).toMatchObject({ code: 3, stderr: expect.stringContaining('expired') })
  })

  it.skipIf(process.platform === 'win32')('Ctrl-C ends it with 130', async () => {
    api.state.polls = Array.from({ length: 99 }, () => 'authorization_pending')
    const child = spawn(process.execPath, [main, ...args(), '--device'], { env: home.env })
    await once(child.stderr, 'data')
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([130, null])
  })

  it('works with named endpoints if the server has no metadata', async () => {
    const where = [
      '--token-endpoint',
      `${server.url}/token`,
      '--device-endpoint',
      `${server.url}/device`,
    ]
    const all = ['sign-in', server.url, ...where, '--client-id', 'cli', '--device']
    expect((await home.run(all)).code).toBe(0)
    const none = all.filter((_, at) => at !== 4 && at !== 5)
    expect(await home.run(none)).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('--device-endpoint'),
    })
  })
})

describe('a session that began elsewhere', () => {
  const goOn = (token: string, ...more: string[]) =>
    home.run([...args(), '--refresh-token', '--stdin', ...more], { stdin: `${token}\n` })

  it('goes on by its refresh token, and is renewed', async () => {
    expect((await goOn(api.issue().refresh_token)).code).toBe(0)
    expect(await items()).toBe(0)
    api.expire()
    expect(await items()).toBe(0)
    expect(api.state.reuses).toBe(0)
  })

  it('with a rejected refresh token leaves the saved sessions as they are', async () => {
    await goOn(api.issue().refresh_token)
    const { code, stdout, stderr } = await goOn('CANARY-7f3a-spent')
    expect(code).toBe(3)
    expect(stdout + stderr).not.toContain('CANARY')
    expect(await items()).toBe(0)
  })

  it.skipIf(process.platform === 'win32' || process.geteuid?.() === 0)(
    'is left alone where it could not be kept',
    async () => {
      const { refresh_token } = api.issue()
      await byDevice()
      chmodSync(home.sessions(), 0o500)
      expect((await goOn(refresh_token)).code).toBe(5)
      chmodSync(home.sessions(), 0o700)
      expect((await goOn(refresh_token)).code).toBe(0)
    },
  )

  it('may be one of NocoDB, after single sign-on in a browser', async () => {
    const double = createNocoDBDouble()
    double.control.addUser({ email: 'ada@example.com', password: 'CANARY-7f3a' })
    const noco = await listen(double)
    const answer = await fetch(`${noco.url}/api/v1/auth/user/signin`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"email":"ada@example.com","password":"CANARY-7f3a"}',
    })
    const [, token = ''] = /refresh_token=([^;]+)/.exec(answer.headers.getSetCookie().join()) ?? []
    const options = ['sign-in', noco.url, '--refresh-token', '--stdin']
    expect(await home.run(options, { stdin: token })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('as ada@example.com'),
    })
    double.control.revokeAccessTokens('ada@example.com')
    expect((await home.run(['api-tokens', 'list'])).code).toBe(0)
    await noco.close()
  })

  it('may be one of any API that refreshes', async () => {
    const { refresh_token } = api.issue()
    const options = ['--service', 'jwt', '--refresh-path', '/refresh', '--refresh-token', '--stdin']
    const all = ['sign-in', server.url, '--user', 'ada', ...options]
    expect((await home.run(all, { stdin: refresh_token })).code).toBe(0)
    api.expire()
    expect(await items()).toBe(0)
    expect(api.state.reuses).toBe(0)
  })

  it.each(['--issuer', '--token-endpoint', '--device-endpoint'])(
    '%s with a value that is not a URL ends with 2 and names the option',
    async (option) => {
      const issuer = option === '--token-endpoint' ? [] : ['--issuer', server.url]
      const all = [
        'sign-in',
        server.url,
        ...issuer,
        option,
        'CANARY-7f3a',
        '--client-id',
        'cli',
        '--device',
      ]
      const { code, stderr } = await home.run(all)
      expect(code).toBe(2)
      expect(stderr).toContain(option)
      expect(stderr).not.toContain('CANARY')
    },
  )

  it('two ways to sign in at once end with 2', async () => {
    expect((await byDevice('--refresh-token')).code).toBe(2)
  })
})
