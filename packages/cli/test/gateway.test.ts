import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const gate = { 'x-gate-id': 'gate-1', 'x-gate-secret': 'CANARY-7f3a-gate', cookie: 'gate=open' }
const file = () => join(scene.home.folder, 'gateway headers')
const passes = ({ headers }: Request) =>
  headers.get('x-gate-secret') === gate['x-gate-secret'] &&
  (headers.get('cookie') ?? '').split('; ').includes('gate=open')

/** What is behind the gateway, and what has knocked at it in vain. */
async function behind(app: { fetch(request: Request): Response | Promise<Response> }) {
  const refused: string[] = []
  const server = await listen({
    fetch(request) {
      if (passes(request)) return app.fetch(request)
      refused.push(`${request.method} ${new URL(request.url).pathname}`)
      return new Response('<h1>Access denied</h1>', { status: 403 })
    },
  })
  return { server, refused }
}

let servers: ListeningServer[]
beforeEach(() => {
  servers = []
  const lines = Object.entries(gate).map(([name, value]) => `${name}: ${value}`)
  writeFileSync(file(), `# of the gateway\n\n${lines.join('\r\n')}\n`)
})
afterEach(async () => {
  for (const server of servers) await server.close()
})

const run = (args: readonly string[], stdin = '', env = {}) => scene.home.run(args, { stdin, env })
const withFile = () => ['--headers-file', file()]

describe('NocoDB behind a gateway', () => {
  const open = async () => {
    const found = await behind(scene.double)
    servers.push(found.server)
    return { url: found.server.url, refused: found.refused }
  }

  it.each(['by a file', 'by the environment'])(
    'is told the headers once, %s; every later command sends them',
    async (way) => {
      const { url, refused } = await open()
      const isFile = way === 'by a file'
      const env = isFile ? {} : { LATCHKEY_HEADERS: readFileSync(file(), 'utf8') }
      const args = ['sign-in', url, '--email', ada.email, '--stdin', ...(isFile ? withFile() : [])]
      expect((await run(args, ada.password, env)).code).toBe(0)
      expect((await run(['request', 'GET', '/api/v1/auth/user/me'])).code).toBe(0)
      scene.double.control.revokeAccessTokens(ada.email)
      expect((await run(['api-tokens', 'list'])).code).toBe(0)
      expect(await run(['doctor'])).toMatchObject({ code: 0, stderr: '' })
      const list = readFileSync(join(scene.home.sessions(), 'sessions.json'), 'utf8')
      expect(list).not.toMatch(/CANARY|gate-1/)
      expect((await run(['sign-out'])).code).toBe(0)
      expect(scene.double.control.counts().signOuts).toBe(1)
      expect(refused).toEqual([])
    },
  )

  it('sign-ups and API tokens send the headers too', async () => {
    const { url, refused } = await open()
    const eve = ['sign-up', url, '--email', 'eve@example.com', '--stdin', ...withFile()]
    expect((await run(eve, ada.password)).code).toBe(0)
    const { token } = scene.double.control.createApiToken(ada.email)
    expect((await run(['sign-in', url, '--api-token', '--stdin', ...withFile()], token)).code).toBe(
      0,
    )
    expect((await run(['doctor'])).code).toBe(0)
    expect(refused).toEqual([])
  })

  it('the headers can come from the environment together with the credentials', async () => {
    const { url } = await open()
    const env = { NOCODB_URL: url, NOCODB_EMAIL: ada.email, NOCODB_PASSWORD: ada.password }
    expect((await run(['token'], '', env)).code).not.toBe(0)
    const all = { ...env, LATCHKEY_HEADERS: readFileSync(file(), 'utf8') }
    expect((await run(['token'], '', all)).code).toBe(0)
    expect((await run(['doctor'], '', all)).stdout).toContain('LATCHKEY_HEADERS is set')
  })

  it('after a sign-in without headers, requests have none', async () => {
    const { url } = await open()
    const args = ['sign-in', url, '--email', ada.email, '--stdin']
    expect((await run([...args, ...withFile()], ada.password)).code).toBe(0)
    expect((await run(args, ada.password)).code).toBe(4) // the gateway's page says nothing of the password
    expect((await run(['token'])).code).toBe(0)
  })
})

it('other services: every sign-in, renewal and request carries the headers, and another host never gets them', async () => {
  const foreign: string[] = []
  const elsewhere = await listen({
    fetch({ url, headers }) {
      foreign.push(headers.get('x-gate-secret') ?? 'none')
      const { pathname, searchParams } = new URL(url)
      if (pathname !== '/authorize') return Response.json({ ok: true })
      const state = encodeURIComponent(searchParams.get('state') ?? '')
      return Response.redirect(`${searchParams.get('redirect_uri')}?code=c1&state=${state}`)
    },
  })
  const app = new Hono()
  let issued = 0
  let alive = ''
  const issue = () => {
    alive = `CANARY-7f3a-${(issued += 1)}`
    return { access_token: alive, expires_in: 3600, refresh_token: `CANARY-7f3a-r${issued}` }
  }
  app.post('/login', (c) => c.json(issue()))
  app.post('/refresh', (c) => c.json(issue()))
  app.post('/token', (c) => c.json(issue()))
  app.post('/device', (c) => {
    const about = { verification_uri: 'https://login.test/activate', expires_in: 60, interval: 1 }
    return c.json({ device_code: 'CANARY-7f3a-device', user_code: 'WDJB-MJHT', ...about })
  })
  app.get('/items', (c) =>
    c.req.header('authorization') === `Bearer ${alive}` ? c.json([]) : c.json({}, 401),
  )
  app.get('/away', (c) => c.redirect(`${elsewhere.url}/`))
  const { server, refused } = await behind(app)
  servers.push(server, elsewhere)

  const jwt = ['--user', 'ada', '--sign-in-path', '/login', '--refresh-path', '/refresh']
  const oauth = ['--token-endpoint', `${server.url}/token`, '--client-id', 'reports']
  const client = [...oauth, '--client-credentials']
  const device = [...oauth, '--device-endpoint', `${server.url}/device`, '--device']
  const browser = [...oauth, '--authorization-endpoint', `${elsewhere.url}/authorize`, '--browser']
  const BROWSER = `${process.execPath} -e fetch(process.argv[1])`
  for (const service of [jwt, client, device, browser]) {
    const args = ['sign-in', server.url, ...service, '--stdin', ...withFile()]
    const signedIn = await run(args, 'secret-1', { BROWSER })
    expect(signedIn).toMatchObject({ code: 0 })
    alive = ''
    expect((await run(['request', 'GET', '/items'])).code).toBe(0)
    expect((await run(['request', 'GET', '/away'])).code).toBe(0)
    expect((await run(['sign-out', '--all'])).code).toBe(0)
  }
  expect(refused).toEqual([])
  expect(foreign).toEqual(Array(5).fill('none'))
})

it.each([
  ['no colon', 'CANARY-7f3a'],
  ['no name', ': CANARY-7f3a'],
  ['a header of the request itself', 'Content-Length: 7'],
])('a line with %s is refused, and not repeated', async (_, line) => {
  writeFileSync(file(), line)
  const args = ['sign-in', scene.url, '--email', ada.email, '--stdin', ...withFile()]
  for (const env of [{}, { LATCHKEY_HEADERS: line }]) {
    const { code, stderr } = await run(args, ada.password, env)
    expect(code).toBe(2)
    expect(stderr).not.toContain('CANARY')
  }
})
