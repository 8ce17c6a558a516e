import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileStore } from '@latchkey/stores/file'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createHome, type Home } from './support/latchkey.ts'

const secret = 'CANARY-7f3a client secret'
const password = 'CANARY-7f3a correct horse'

/** An API that takes the newest token it gave, to a client, a user or a refresh token. */
function createApi() {
  let issued = 0
  let alive = ''
  const grants: string[] = []
  const issue = (grant: string, refresh_token?: string) => {
    grants.push(grant)
    issued += 1
    alive = `CANARY-7f3a-${issued}`
    return { access_token: alive, token_type: 'Bearer', expires_in: 3600, refresh_token }
  }
  const app = new Hono()
  app.post('/token', async (c) => {
    const { grant_type } = await c.req.parseBody()
    const basic = c.req.header('authorization') ?? ''
    const sent = decodeURIComponent(atob(basic.replace('Basic ', '')).replaceAll('+', ' '))
    if (sent !== `reports:${secret}`) return c.json({ error: 'invalid_client' }, 401)
    return c.json(issue(grant_type as string))
  })
  app.post('/login', async (c) => {
    const { username, password: given } = await c.req.json()
    if (username !== 'ada' || given !== password) return c.json({ message: 'no' }, 401)
    return c.json(issue('password', `refresh-${issued}`))
  })
  app.post('/refresh', (c) => c.json(issue('refresh', `refresh-${issued}`)))
  app.get('/items', (c) =>
    c.req.header('authorization') === `Bearer ${alive}` ? c.json(['an item']) : c.json({}, 401),
  )
  return {
    fetch: (request: Request) => app.fetch(request),
    grants,
    expire: () => (alive = ''),
  }
}

// A test starts several processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

let api: ReturnType<typeof createApi>
let server: ListeningServer
let home: Home

beforeEach(async () => {
  api = createApi()
  server = await listen(api)
  home = createHome()
})
afterEach(async () => {
  home.remove()
  await server.close()
})

const items = () => home.run(['request', 'GET', '/items'])

describe('an OAuth client', () => {
  const signIn = (given: string, ...more: string[]) => {
    const where = ['--service', 'oauth', '--token-endpoint', `${server.url}/token`]
    const args = ['sign-in', server.url, ...where, '--client-id', 'reports', '--stdin']
    return home.run([...args, ...more], { stdin: given })
  }

  it('signs in once, and later renews with its saved secret', async () => {
    expect((await signIn(secret)).code).toBe(0)
    expect((await items()).stdout).toBe('["an item"]')
    api.expire()
    expect((await items()).code).toBe(0)
    expect(api.grants).toEqual(['client_credentials', 'client_credentials'])
    const [status] = JSON.parse((await home.run(['status', '--json'])).stdout)
    expect(status).toMatchObject({ service: 'oauth', user: 'reports', renewable: true })
  })

  it('signs in over a session whose file is damaged', async () => {
    await signIn(secret)
    for (const file of readdirSync(home.sessions()).filter((name) => name.length > 60)) {
      if (file.endsWith('.json')) writeFileSync(join(home.sessions(), file), '{')
    }
    expect((await items()).code).toBe(5)
    expect(await signIn(secret)).toMatchObject({ code: 0 })
    expect((await items()).code).toBe(0)
  })

  it('with a wrong secret gets an error that does not show it, and nothing is saved', async () => {
    const { code, stderr } = await signIn('CANARY-7f3a wrong')
    expect(code).toBe(6)
    expect(stderr).toContain('invalid_client')
    expect(stderr).not.toContain('CANARY')
    expect(JSON.parse((await home.run(['status', '--json'])).stdout)).toEqual([])
  })

  it('whose name is signed in to as a user leaves no secret behind', async () => {
    await signIn(secret, '--name', 'work')
    const args = ['sign-in', server.url, '--sign-in-path', '/login', '--user', 'ada', '--stdin']
    expect((await home.run([...args, '--name', 'work'], { stdin: password })).code).toBe(0)
    expect(await fileStore({ directory: home.sessions() }).names()).toEqual(['work'])
  })

  it('sign-out forgets the secret too', async () => {
    await signIn(secret)
    expect((await home.run(['sign-out'])).code).toBe(0)
    expect((await items()).code).toBe(3)
  })

  it('without a token endpoint or issuer the message names the options', async () => {
    const args = ['sign-in', server.url, '--service', 'oauth', '--client-id', 'reports', '--stdin']
    const { code, stderr } = await home.run(args, { stdin: secret })
    expect(code).toBe(2)
    expect(stderr).toContain('--issuer or --token-endpoint')
  })
})

describe('an API that answers with a token', () => {
  const signIn = (given: string) => {
    const paths = ['--sign-in-path', '/login', '--refresh-path', '/refresh']
    const args = ['sign-in', server.url, '--service', 'jwt', ...paths, '--user', 'ada', '--stdin']
    return home.run(args, { stdin: given })
  }

  it('signs in once, and later renews by the refresh token', async () => {
    expect((await signIn(password)).code).toBe(0)
    api.expire()
    expect((await items()).stdout).toBe('["an item"]')
    expect(api.grants).toEqual(['password', 'refresh'])
  })

  it('a wrong password ends with 6 and saves nothing', async () => {
    const { code, stderr } = await signIn('CANARY-7f3a wrong')
    expect(code).toBe(6)
    expect(stderr).not.toContain('CANARY')
    expect((await items()).code).toBe(3)
  })
})
