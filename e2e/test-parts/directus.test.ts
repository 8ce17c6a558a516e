import { directus } from '@latchkey/jwt/back-ends'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DirectusServer, startDirectus } from '../src/auth-servers/directus-server.ts'
import { directusWays } from '../src/auth-servers/directus-ways.ts'
import { recipe } from '../src/docs/recipes.ts'
import { type Gate, startGate } from '../src/auth-servers/gate.ts'
import { serverFacts } from '../src/auth-servers/server-facts.ts'
import { counted, lifeOf, open, openSignedIn } from '../src/auth-servers/server-under-test.ts'

const ada = { email: 'ada@example.com', password: 'CANARY-7f3a-ada' }

let server: DirectusServer
let gate: Gate
let ways: ReturnType<typeof directusWays>

beforeAll(async () => {
  server = await startDirectus(ada)
  gate = await startGate(() => server.url)
  ways = directusWays(server, gate, ada)
}, 900_000)
afterAll(async () => {
  await gate?.shut()
  await server?.stop()
})

describe.each([
  ['its JSON mode', 'json'],
  ['its cookie mode', 'cookie'],
  ['its session mode', 'session'],
  ['GraphQL', 'graphql'],
] as const)('Directus in %s', (_, way) => {
  test.for(serverFacts)('$name', async ({ run, applies }, { skip }) => {
    if (applies?.(ways[way]) === false) skip('this server has no such thing')
    await expect(run(ways[way])).resolves.toBeUndefined()
  })
})

test.each(['json', 'cookie', 'session', 'graphql'] as const)(
  'the recipe of the documentation for %s is one from sign-in to sign-out',
  async (way) => {
    const session = await recipe(way, 'directus', { 'https://directus.example.com': gate.url })
    expect(await lifeOf(session, ways[way])).toEqual({ statuses: [200], isOver: true })
    await expect(session.signIn(ways[way].wrong)).rejects.toMatchObject({
      code: 'ERR_WRONG_CREDENTIALS',
      message: expect.stringContaining('Invalid user credentials'),
    })
  },
)

describe('what Directus answers to a token', () => {
  test.each<[string, boolean, string, (token: string) => string]>([
    ['an expired one', true, '401 TOKEN_EXPIRED', (token) => server.resigned(token, { exp: 1 })],
    [
      'one that it has not signed',
      true,
      '403 INVALID_TOKEN',
      (token) => `${token.slice(0, -4)}AAAA`,
    ],
    ['what is no token of its own', true, '401 INVALID_CREDENTIALS', () => 'garbage'],
    ['a good one, for what is not there', false, '403 FORBIDDEN', (token) => token],
  ])('%s', async (_, isRejected, said, change) => {
    const { session } = await openSignedIn(ways.json)
    const { accessToken } = await session.getTokens()
    const path = isRejected ? '/users/me' : '/items/nothing'
    const headers = { authorization: `Bearer ${change(accessToken)}` }
    const response = await fetch(server.url + path, { headers })
    expect(await directus(response.clone())).toBe(isRejected)
    const body = (await response.json()) as { errors: { extensions: { code: string } }[] }
    expect(`${response.status} ${body.errors[0]?.extensions.code}`).toBe(said)
  })

  test('a 403 for missing rights renews nothing', async () => {
    const opened = await openSignedIn(ways.json)
    const nothing = { ...ways.json, read: { path: '/items/nothing' } }
    const reading = open(nothing)
    await reading.session.setTokens(await opened.session.getTokens())
    const counts = await counted(nothing, () => reading.read(5))
    expect(counts).toMatchObject({ signIn: 0, renewal: 0, read: 5, refused: 5 })
    expect(reading.signedOut).toEqual([])
  })
})

describe('what GraphQL asks for', () => {
  test('a refresh token is sent in a field inside another', async () => {
    const { options } = ways.graphql
    const refresh = { ...(options.refresh as object), send: { body: 'variables.refresh_token' } }
    const { session } = open(ways.graphql, { refresh: refresh as never, fetch })
    await session.signIn(ways.graphql.user)
    await expect(session.refresh()).resolves.toBeDefined()
  })

  test('sign-in and requests that take a token share one path', async () => {
    const { options } = ways.graphql
    const signIn = { ...(options.signIn as object), path: '/graphql/system' }
    const opened = open(ways.graphql, { signIn: signIn as never })
    await opened.session.signIn(ways.graphql.user)
    expect(await opened.read(5)).toEqual([200])
  })
})

test('the server is restarted: sessions go on, and stay so while tokens of 3 seconds expire', async () => {
  const opened = await openSignedIn(ways.json)
  await server.restart({ ACCESS_TOKEN_TTL: '3s' })
  expect(await opened.read(5)).toEqual([200])
  await opened.session.refresh()
  const outcomes = new Set<number | string>()
  const start = gate.passed.length
  const renewals = () =>
    gate.passed.slice(start).filter((passed) => ways.json.kindOf(passed) === 'renewal')
  while (renewals().length < 4) for (const outcome of await opened.read(10)) outcomes.add(outcome)
  expect(outcomes).toEqual(new Set([200]))
  expect(new Set(renewals().map(({ status }) => status))).toEqual(new Set([200]))
  expect(opened.signedOut).toEqual([])
})
