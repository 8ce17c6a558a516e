import { lifeOf, open } from '../src/auth-servers/server-under-test.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BetterAuthServer, startBetterAuth } from '../src/auth-servers/better-auth-server.ts'
import { betterAuthWays } from '../src/auth-servers/better-auth-ways.ts'
import { recipe } from '../src/docs/recipes.ts'
import { type Gate, startGate } from '../src/auth-servers/gate.ts'
import { serverFacts } from '../src/auth-servers/server-facts.ts'

const ada = { email: 'ada@example.com', password: 'CANARY-7f3a-ada' }

let server: BetterAuthServer
let gate: Gate
let ways: ReturnType<typeof betterAuthWays>

beforeAll(async () => {
  server = await startBetterAuth()
  await server.signUp(ada)
  gate = await startGate(() => server.url)
  ways = betterAuthWays(server, gate, ada)
}, 300_000)
afterAll(async () => {
  await gate?.shut()
  await server?.stop()
})

describe.each([
  ['its sessions, as bearer tokens', 'bearer'],
  ['its cookie', 'cookie'],
  ['its cookie, prolonged by a request of its own', 'prolonged'],
  ['JWTs, bought with a session', 'jwt'],
] as const)('better-auth with %s', (_, way) => {
  test.for(serverFacts)('$name', async ({ run, applies }, { skip }) => {
    if (applies?.(ways[way]) === false) skip('this server has no such thing')
    await expect(run(ways[way])).resolves.toBeUndefined()
  })
})

test.each(['bearer', 'cookie', 'prolonged', 'jwt'] as const)(
  'the recipe of the documentation, %s, is one from sign-in to sign-out',
  async (way) => {
    const session = await recipe(way, 'better-auth', {
      'https://auth.example.com': gate.url,
      '/api/auth/get-session': '/api/deferred/get-session',
    })
    expect(await lifeOf(session, ways[way])).toEqual({ statuses: [200], isOver: true })
    await expect(session.signIn(ways[way].wrong)).rejects.toMatchObject({
      code: 'ERR_WRONG_CREDENTIALS',
      message: expect.stringContaining('Invalid email or password'),
    })
  },
)

describe('what better-auth asks for beyond that', () => {
  test('a sign-in that names no origin is refused, in words that say why', async () => {
    const { options } = ways.bearer
    const { session } = open(ways.bearer, { ...options, signIn: '/api/auth/sign-in/email' })
    await expect(session.signIn(ada)).rejects.toThrow('Missing or null Origin')
  })

  test('and that is no wrong password', async () => {
    const { session } = open(ways.bearer, { signIn: '/api/auth/sign-in/email' })
    await expect(session.signIn(ada)).rejects.toMatchObject({ code: 'ERR_SERVER_UNAVAILABLE' })
  })

  test('an ordinary answer prolongs the session, and its cookie tells until when', async () => {
    const opened = open(ways.cookie)
    await opened.session.signIn(ada)
    const { expiresAt = 0 } = await opened.session.getTokens()
    opened.pass(600_000)
    expect(await opened.read(1)).toEqual([200])
    const prolonged = await opened.session.getTokens()
    expect(prolonged.expiresAt).toBeGreaterThan(expiresAt)
  })
})

describe('a sign-in in two steps', () => {
  const grace = { email: 'grace@example.com', password: 'CANARY-7f3a-grace' }
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`${gate.url}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: gate.url, ...headers },
      body: JSON.stringify(body),
    })

  beforeAll(async () => {
    await server.signUp(grace)
    const { token } = (await (await post('/sign-in/email', grace)).json()) as { token: string }
    await server.enableTwoFactor({ ...grace, token })
  })

  /** What an app does between its two forms. */
  async function tokensOf(code: string) {
    const first = await post('/sign-in/email', grace)
    const cookies = first.headers.getSetCookie().map((line) => line.replace(/;.*/, ''))
    const cookie = cookies.filter((pair) => pair.startsWith('better-auth.two_factor=')).join()
    const second = await post('/two-factor/verify-totp', { code }, { cookie })
    if (!second.ok) throw new Error(`HTTP ${second.status}`)
    return { accessToken: ((await second.json()) as { token: string }).token }
  }

  test.each(['bearer', 'cookie'] as const)(
    '%s: signIn() resolves with the first step, which is no session, and the second begins it',
    async (way) => {
      const opened = open(ways[way])
      const { session } = opened
      const { body } = await session.signIn(grace)
      expect(body).toMatchObject({ twoFactorRedirect: true })
      expect(await session.isSignedIn()).toBe(false)
      const headers = { origin: gate.url }
      const step = { path: '/api/auth/two-factor/verify-totp', headers }
      await session.signIn({ code: await server.codeOf(grace.email) }, step)
      expect(await opened.read(5)).toEqual([200])
    },
  )

  test('setTokens() takes what the second step gives, and everybody reads', async () => {
    const opened = open(ways.bearer)
    await opened.session.setTokens(async () => tokensOf(await server.codeOf(grace.email)))
    expect(await opened.read(30)).toEqual([200])
    await opened.session.signOut()
    expect(await opened.session.isSignedIn()).toBe(false)
  })

  test('a wrong code leaves the session as it was', async () => {
    const opened = open(ways.bearer)
    await opened.session.signIn(ada)
    await expect(opened.session.setTokens(() => tokensOf('000000'))).rejects.toThrow('HTTP 401')
    expect(await opened.read(3)).toEqual([200])
  })

  test('the header set-auth-token of the first step is of no use: it names a session that is gone', async () => {
    const token = (await post('/sign-in/email', grace)).headers.get('set-auth-token') ?? ''
    expect(token).not.toBe('')
    expect(await server.isAlive(token)).toBe(false)
  })
})
