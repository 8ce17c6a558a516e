import { describe, expect, test } from 'vitest'
import { createApi } from '../jwt-server/src/api.ts'
import { createClient } from '../jwt-server/src/client.ts'
import { runScript } from './support/run-script.ts'

const ada = { username: 'ada', password: 'CANARY-7f3a-ada' }
const root = { username: 'root', password: 'CANARY-7f3a-root' }
const lifeS = 300
const baseUrl = 'https://notes.test'

/** The API in the process, with a clock that moves only when a test moves it. */
async function start() {
  let time = 1_700_000_000_000
  const now = () => time
  const { fetch: answer, counts } = await createApi({
    users: [
      { name: 'ada', password: ada.password, scopes: ['notes:read', 'notes:write'] },
      { name: 'root', password: root.password, scopes: ['notes:read', 'notes:admin'] },
    ],
    accessLifeS: lifeS,
    sessionLifeMs: 24 * 3_600_000,
    now,
  })
  const send: typeof fetch = async (input, init) => answer(new Request(input, init))
  const post = (path: string, body: unknown) =>
    send(baseUrl + path, { method: 'POST', body: JSON.stringify(body) })
  return {
    counts,
    pass: (ms: number) => void (time += ms),
    post,
    ask: (authorization?: string, init: RequestInit = {}) =>
      send(`${baseUrl}/notes`, { ...init, headers: authorization ? { authorization } : {} }),
    signIn: async (who = ada) => readPair(await post('/auth/sign-in', who)),
    refresh: (token: string) => post('/auth/refresh', { refresh_token: token }),
    open() {
      const { session, api } = createClient(baseUrl, { fetch: send, clock: { now } })
      const read = async (init?: RequestInit) => (await api(`${baseUrl}/notes`, init)).status
      return { session, read }
    },
  }
}

async function readPair(response: Response) {
  const { access_token: access, refresh_token: refresh } = (await response.json()) as Record<
    string,
    string
  >
  return { access: access ?? '', refresh: refresh ?? '' }
}

const challengeOf = (response: Response) =>
  `${response.status} ${response.headers.get('www-authenticate')}`

/** A token with one part replaced. */
const forged = (token: string, at: number, part: object) =>
  token
    .split('.')
    .map((own, index) =>
      index === at ? Buffer.from(JSON.stringify(part)).toString('base64url') : own,
    )
    .join('.')

describe('the server answers', () => {
  test('no token with a challenge that names no error', async () => {
    const { ask } = await start()
    const challenge = '401 Bearer realm="notes"'
    expect(challengeOf(await ask())).toBe(challenge)
    expect(challengeOf(await ask('Basic YWRhOng='))).toBe(challenge)
  })

  test.each<[string, (token: string) => string]>([
    ['garbage', () => 'garbage'],
    ['another user', (token) => forged(token, 1, { sub: 'root', sid: 'x', exp: 9e9 })],
    ['another signature', (token) => forged(token, 2, {})],
    [
      'no algorithm',
      (token) =>
        `${forged(token, 0, { alg: 'none', typ: 'at+jwt' }).split('.').slice(0, 2).join('.')}.`,
    ],
    [
      'the algorithm of its own choice',
      (token) => forged(token, 0, { alg: 'HS256', typ: 'at+jwt' }),
    ],
  ])('a token with %s with invalid_token', async (_, forge) => {
    const { ask, signIn } = await start()
    const { access } = await signIn()
    expect(challengeOf(await ask(`Bearer ${forge(access)}`))).toBe(
      '401 Bearer realm="notes", error="invalid_token", error_description="The token is not valid"',
    )
    expect((await ask(`bearer ${access}`)).status).toBe(200)
  })

  test('an expired token with invalid_token, to the second', async () => {
    const { ask, signIn, pass } = await start()
    const { access } = await signIn()
    pass(lifeS * 1000 - 1)
    expect((await ask(`Bearer ${access}`)).status).toBe(200)
    pass(1)
    expect(challengeOf(await ask(`Bearer ${access}`))).toContain(
      'error="invalid_token", error_description="The token has expired"',
    )
  })

  test('a refresh token in place of an access token with invalid_token', async () => {
    const { ask, signIn } = await start()
    const { refresh } = await signIn()
    expect(challengeOf(await ask(`Bearer ${refresh}`))).toContain('error="invalid_token"')
  })

  test('a missing right with 403 insufficient_scope', async () => {
    const { ask, signIn } = await start()
    const init = { method: 'DELETE' }
    expect(challengeOf(await ask(`Bearer ${(await signIn()).access}`, init))).toBe(
      '403 Bearer realm="notes", error="insufficient_scope", scope="notes:admin"',
    )
    expect((await ask(`Bearer ${(await signIn(root)).access}`, init)).status).toBe(204)
  })

  test.each([
    ['a wrong password', { ...ada, password: 'CANARY-7f3a-wrong' }],
    ['a wrong name', { ...ada, username: 'grace' }],
    ['no name', { password: ada.password }],
    ['no object', null],
    ['another type', { username: ['ada'], password: { length: 3 } }],
  ])('%s with the same 401', async (_, body) => {
    const { post } = await start()
    const response = await post('/auth/sign-in', body)
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      error: 'invalid_credentials',
      message: 'Wrong name or password',
    })
  })

  test('tokens in an answer that no cache may keep', async () => {
    const { post } = await start()
    const response = await post('/auth/sign-in', ada)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toMatchObject({ token_type: 'Bearer', expires_in: lifeS })
  })
})

describe('a session on the server', () => {
  test('takes each refresh token once', async () => {
    const { signIn, refresh } = await start()
    const first = await signIn()
    const second = await readPair(await refresh(first.refresh))
    expect(second.refresh).not.toBe(first.refresh)
    expect((await refresh(second.refresh)).status).toBe(200)
  })

  test('ends when a refresh token is used twice, for the thief and for its owner', async () => {
    const { signIn, refresh, ask } = await start()
    const other = await signIn()
    const first = await signIn()
    const second = await readPair(await refresh(first.refresh))
    expect((await refresh(first.refresh)).status).toBe(400)
    expect((await refresh(second.refresh)).status).toBe(400)
    expect((await ask(`Bearer ${second.access}`)).status).toBe(401)
    expect((await ask(`Bearer ${other.access}`)).status).toBe(200)
  })

  test('ends when it is not used for its whole lifetime', async () => {
    const { signIn, refresh, pass } = await start()
    const first = await signIn()
    pass(23 * 3_600_000)
    const second = await readPair(await refresh(first.refresh))
    pass(23 * 3_600_000)
    const third = await readPair(await refresh(second.refresh))
    pass(24 * 3_600_000)
    expect((await refresh(third.refresh)).status).toBe(400)
  })

  test('ends at a sign-out, with the access tokens that were copied', async () => {
    const { open, ask } = await start()
    const { session, read } = open()
    await session.signIn(ada)
    const { accessToken } = await session.getTokens()
    expect(await read()).toBe(200)
    await session.signOut()
    expect(challengeOf(await ask(`Bearer ${accessToken}`))).toContain('The token was revoked')
  })
})

describe('a client with Latchkey', () => {
  test('100 requests at once across each expiry refresh once, and no reuse is seen', async () => {
    const { open, pass, counts } = await start()
    const { session, read } = open()
    await session.signIn(ada)
    for (const refreshes of [1, 2, 3]) {
      pass(lifeS * 1000)
      const statuses = await Promise.all(Array.from({ length: 100 }, () => read()))
      expect(new Set(statuses)).toEqual(new Set([200]))
      expect(counts).toMatchObject({ signIns: 1, refreshes, refusedRefreshes: 0 })
    }
  })

  test('is not renewed for a missing right', async () => {
    const { open, counts } = await start()
    const { session, read } = open()
    await session.signIn(ada)
    expect(await read({ method: 'DELETE' })).toBe(403)
    expect(counts).toEqual({ signIns: 1, refreshes: 0, refusedRefreshes: 0, refused: 0 })
  })

  test('is told when its session was ended elsewhere', async () => {
    const { open, refresh } = await start()
    const { session, read } = open()
    await session.signIn(ada)
    const { refreshToken = '' } = await session.getTokens()
    await session.refresh()
    await refresh(refreshToken)
    expect(await read()).toBe(401)
    expect(await session.isSignedIn()).toBe(false)
    await session.signIn(ada)
    expect(await read()).toBe(200)
  })
})

describe('the demonstration', { timeout: 60_000 }, () => {
  test('shows every case, and ends by itself', async () => {
    const { code, output } = await runScript('jwt-server/src/main.ts', [], {})
    expect(output).toContain('401, WWW-Authenticate: Bearer realm="notes"\n')
    expect(output).toMatch(/ \d+ requests, all answered 200\n {2}1 sign-in, 2 refreshes\n/)
    expect(output).toContain(
      '403, WWW-Authenticate: Bearer realm="notes", error="insufficient_scope"',
    )
    expect(output).toContain('still signed in: true')
    expect(output).toContain('error_description="The token was revoked"')
    expect(output).toContain('the thief gets 400')
    expect(output).toContain('its owner gets 401: ERR_REFRESH_TOKEN_REJECTED')
    expect(output).not.toMatch(/eyJ|battery/)
    expect(code).toBe(0)
  })
})
