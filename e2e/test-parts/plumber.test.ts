import { headerScheme, isLatchkeyError } from '@latchkey/core'
import { type JwtSession, type JwtSessionOptions, jwtSession } from '@latchkey/jwt'
import { plumber } from '@latchkey/jwt/back-ends'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PlumberServer, startPlumber } from '../src/auth-servers/plumber-server.ts'
import { fetchSubject } from '../../packages/fetch/test/support/fetch-subject.ts'
import { statusesOf, subjects } from '../test/support/subjects.ts'

const password = 'CANARY-7f3a-ada'
const ada = { user: 'ada', password }
const secret = 'CANARY-7f3a-signing-key'

let server: PlumberServer
/** What the server counted since the last look. */
let counted: () => Promise<Partial<Awaited<ReturnType<PlumberServer['counts']>>>>

beforeAll(async () => {
  server = await startPlumber({ password, secret, lifeS: 3600 })
  let before = await server.counts()
  counted = async () => {
    const now = await server.counts()
    const since = Object.entries(now).map(
      ([name, count]) => [name, count - before[name as keyof typeof before]] as const,
    )
    before = now
    return Object.fromEntries(since.filter(([, count]) => count !== 0))
  }
})
afterAll(() => server.stop())

const open = (options: Partial<JwtSessionOptions> = {}): JwtSession =>
  jwtSession({
    baseUrl: server.url,
    signIn: '/login',
    credentials: ada,
    isTokenRejected: plumber,
    ...options,
  })

/** How the tests ask where it does not matter by which client. */
const connect = (session: JwtSession) =>
  fetchSubject().connect({ manager: session, baseUrl: server.url })

const inCookie = {
  token: { cookie: 'token' },
  signIn: '/login/cookie',
  signOut: '/logout/cookie',
} as const

/** The three ways in which such an API takes a token. */
const ways: [string, Partial<JwtSessionOptions>][] = [
  ['Authorization: Bearer', {}],
  ['a header of its own', { scheme: headerScheme('x-token') }],
  ['an HttpOnly cookie', inCookie],
]

describe('the token is found in the answer', () => {
  test.each<[string, string, Partial<JwtSessionOptions>]>([
    ["as plumber's default serializer writes it, boxed", '/login', {}],
    ['in a boxed field', '/login/list', {}],
    ['in a field, unboxed', '/login/unboxed', {}],
    ['as text', '/login/text', {}],
    ['where a serializer of its own puts it', '/login/wrapped', { token: 'result.token' }],
  ])('%s', async (_, signIn, options) => {
    const session = open({ signIn, ...options })
    expect((await connect(session)('/data')).status).toBe(200)
  })
})

describe.each(ways)('with the token in %s', (_, options) => {
  describe.each(subjects)('$name', ({ subject }) => {
    const connectTo = (manager: JwtSession) => subject.connect({ manager, baseUrl: server.url })

    test('30 requests at once sign in once, and once more across an expiry', async () => {
      const send = connectTo(open(options))
      await counted()
      expect(await statusesOf(30, () => send('/data'))).toEqual([200])
      expect(await counted()).toEqual({ signIns: 1, served: 30 })
      await server.expire()
      expect(await statusesOf(30, () => send('/data'))).toEqual([200])
      expect(await counted()).toMatchObject({ signIns: 1, served: 30 })
    })

    test("a 401 that means missing rights is the caller's, and the session stays", async () => {
      const session = open(options)
      const send = connectTo(session)
      await send('/data')
      await counted()
      const { status, result } = await send('/admin')
      expect(status).toBe(401)
      expect(session.explain(result)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
      expect(await counted()).toEqual({ signIns: 1, refused: 2 })
      expect(await session.isSignedIn()).toBe(true)
      expect((await send('/data')).status).toBe(200)
      expect(await counted()).toEqual({ served: 1 })
    })

    test('a body is sent again after an expiry', async () => {
      const send = connectTo(open(options))
      await send('/data')
      await server.expire()
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ text: 'äöü' })
      const { status, text } = await send('/data', { method: 'POST', headers, body })
      expect(status).toBe(200)
      expect(JSON.parse(text ?? '')).toEqual({ received: ['äöü'] })
    })
  })

  test('root may what ada may not', async () => {
    const session = open({ ...options, credentials: { ...ada, user: 'root' } })
    expect((await connect(session)('/admin')).status).toBe(200)
  })
})

describe('what plumber refuses', () => {
  test('a wrong password has its own code and its words, and is tried once', async () => {
    const session = open({ credentials: { ...ada, password: 'CANARY-7f3a-wrong' } })
    await counted()
    const errors = await Promise.all(
      [session.getTokens(), session.getTokens()].map((wait) =>
        wait.catch((error: unknown) => error),
      ),
    )
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'ERR_WRONG_CREDENTIALS' })
      expect(isLatchkeyError(error) && error.message).toContain('User or password wrong.')
    }
    expect(await counted()).toEqual({ refusedSignIns: 1 })
  })

  test('missing credentials are a 404 to plumber: a mistake, unless it is said to be a no', async () => {
    const credentials = { user: 'ada' }
    await expect(open({ credentials }).signIn()).rejects.toMatchObject({
      code: 'ERR_SERVER_UNAVAILABLE',
    })
    const signIn = { path: '/login', rejected: [401, 404] }
    await expect(open({ credentials, signIn }).signIn()).rejects.toMatchObject({
      code: 'ERR_WRONG_CREDENTIALS',
      message: expect.stringContaining('Please return password or username.'),
    })
  })
})

test('signing out tells plumber, which takes its cookie back', async () => {
  const asked: string[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init)
    asked.push(`${new URL(response.url).pathname} ${response.status}`)
    if (response.url.endsWith('/logout/cookie')) {
      asked.push(response.headers.getSetCookie().join().replace(/=.*/, ''))
    }
    return response
  }
  const session = open({ ...inCookie, fetch })
  await session.signIn()
  await session.signOut()
  expect(asked).toEqual(['/login/cookie 200', '/logout/cookie 200', 'token'])
  expect(await session.isSignedIn()).toBe(false)
})

test('all clients stay signed in while tokens of two seconds really expire', async () => {
  const shortLived = await startPlumber({ password, secret, lifeS: 2 })
  try {
    const session = open({ baseUrl: shortLived.url })
    const senders = subjects.map(({ subject }) =>
      subject.connect({ manager: session, baseUrl: shortLived.url }),
    )
    const statuses = new Set<number | undefined>()
    while ((await shortLived.counts()).signIns < 4) {
      const sent = await Promise.all(senders.map((send) => send('/data')))
      for (const { status } of sent) statuses.add(status)
    }
    expect(statuses).toEqual(new Set([200]))
    const { signIns, served, refused } = await shortLived.counts()
    expect(signIns).toBe(4)
    expect(refused).toBeLessThan(served)
  } finally {
    await shortLived.stop()
  }
})
