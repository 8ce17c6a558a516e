import { memoryStore } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import {
  ada,
  type Api,
  keptIn,
  CANARY,
  failure,
  type Issued,
  startApi,
} from './support/token-api.ts'

/** Both tokens in one answer, as OAuth names them. */
const pair = ({ access, refresh }: Issued) =>
  Response.json({ access_token: access, refresh_token: refresh })

const withRefresh = { refresh: '/auth/refresh' }

/** Statuses of `count` requests at once. */
async function readMany(api: Api, session: ReturnType<Api['open']>, count: number) {
  return new Set(await Promise.all(Array.from({ length: count }, () => api.read(session))))
}

describe('signing in', () => {
  test('nothing is sent before a token is needed', () => {
    const api = startApi()
    api.open()
    expect(api.arrived).toEqual([])
  })

  test('30 requests at once sign in once', async () => {
    const api = startApi()
    expect(await readMany(api, api.open(), 30)).toEqual(new Set([200]))
    expect(api.counts()).toEqual({ '/auth/login': 1, '/data': 30 })
  })

  test.each([1_500.5, 1e12])('a time limit of %d ms is accepted', async (renewTimeoutMs) => {
    const session = startApi().open({ renewTimeoutMs })
    await session.signIn()
    expect(await session.isSignedIn()).toBe(true)
  })

  test('the credentials go as JSON, and JSON is asked for', async () => {
    const api = startApi()
    await api.read(api.open())
    const { headers, body } = api.lastTo('/auth/login')
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('accept')).toBe('application/json')
    expect(JSON.parse(body)).toEqual(ada)
  })

  test('the credentials go as a form, with what else the endpoint wants', async () => {
    const api = startApi()
    const fields = { grant_type: 'password' }
    const headers = { 'x-api-key': 'public' }
    const signIn = { path: 'auth/login', as: 'form', fields, headers } as const
    expect(await api.read(api.open({ signIn }))).toBe(200)
    const arrived = api.lastTo('/auth/login')
    expect(arrived.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(arrived.headers.get('x-api-key')).toBe('public')
    expect(Object.fromEntries(new URLSearchParams(arrived.body))).toEqual({ ...ada, ...fields })
  })

  test.each([
    [{}, '`refresh` is not given), sign-in (no `credentials` available)'],
    [withRefresh, 'no valid one), sign-in (no `credentials` available)'],
    [{ credentials: () => undefined }, 'sign-in (no `credentials` available)'],
  ])('without a way to sign in the error names what is missing: %o', async (more, missing) => {
    const error = await failure(startApi().openBare(more).getTokens())
    expect(error).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(error.message).toContain(missing)
  })

  test('signIn(credentials) works without configured ones', async () => {
    const api = startApi()
    const session = api.openBare()
    expect(await session.isSignedIn()).toBe(false)
    expect(await failure(session.signIn())).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    await session.signIn(ada)
    expect(await session.isSignedIn()).toBe(true)
    expect(await api.read(session)).toBe(200)
    api.expire()
    expect(await api.read(session)).toBe(401)
    expect(await session.isSignedIn()).toBe(false)
    expect(api.counts()['/auth/login']).toBe(1)
  })

  test('after another user has signed in, the configured credentials are not used', async () => {
    const api = startApi()
    const session = api.open()
    await session.signIn({ ...ada, username: 'grace' })
    api.expire()
    expect(await api.read(session)).toBe(401)
    expect(await session.isSignedIn()).toBe(false)
    expect(api.counts()['/auth/login']).toBe(1)
    await session.signIn()
    api.expire()
    expect(await api.read(session)).toBe(200)
    expect(JSON.parse(api.lastTo('/auth/login').body)).toEqual(ada)
  })

  test('signing in with the configured credentials by name keeps them in use', async () => {
    const api = startApi()
    const session = api.open()
    await session.signIn({ ...ada })
    api.expire()
    expect(await api.read(session)).toBe(200)
  })

  test('credentials given by a function are asked for at each sign-in', async () => {
    const api = startApi()
    const given: (typeof ada | undefined)[] = [ada, undefined]
    const session = api.open({ credentials: () => Promise.resolve(given.shift()) })
    expect(await api.read(session)).toBe(200)
    api.expire()
    expect(await api.read(session)).toBe(401)
    expect(given).toEqual([])
  })

  test('a rejected sign-in has its own code, names the reason and is not repeated for each request', async () => {
    const api = startApi()
    const session = api.open({ credentials: { ...ada, password: `${CANARY}-wrong` } })
    expect(await failure(api.read(session))).toMatchObject({
      code: 'ERR_WRONG_CREDENTIALS',
      message: expect.stringContaining('Wrong password.'),
    })
    await failure(api.read(session))
    expect(api.counts()).toEqual({ '/auth/login': 1 })
  })

  test('a refused signIn() leaves the old session', async () => {
    const api = startApi()
    const session = api.open()
    await api.read(session)
    const wrong = session.signIn({ ...ada, password: 'wrong' })
    expect(await failure(wrong)).toMatchObject({ code: 'ERR_WRONG_CREDENTIALS' })
    expect(await api.read(session)).toBe(200)
  })

  test("R's boxed message is read", async () => {
    const api = startApi()
    const body = { status: ['Failed.'], code: [401], message: ['User or password wrong.'] }
    api.answerNext('/auth/login', () => Response.json(body, { status: 401 }))
    const { message } = await failure(api.open().signIn())
    expect(message).toContain('(User or password wrong.)')
  })

  test("a caller's request to the sign-in path goes without a token, and the caller gets its 401", async () => {
    const api = startApi()
    const session = api.open()
    await api.read(session)
    expect(await api.read(session, '/auth/login', { method: 'POST' })).toBe(401)
    expect(api.lastTo('/auth/login').headers.has('authorization')).toBe(false)
    expect(api.counts()['/auth/login']).toBe(2)
  })
})

describe('renewing', () => {
  test('without a refresh endpoint a renewal signs in again, once for all requests', async () => {
    const api = startApi()
    const session = api.open()
    await api.read(session)
    api.expire()
    expect(await readMany(api, session, 30)).toEqual(new Set([200]))
    expect(api.counts()['/auth/login']).toBe(2)
  })

  test('30 requests across an expiry refresh once, and the next expiry uses the next refresh token', async () => {
    const api = startApi(pair)
    const session = api.open(withRefresh)
    await api.read(session)
    for (const refreshes of [1, 2]) {
      api.expire()
      expect(await readMany(api, session, 30)).toEqual(new Set([200]))
      expect(api.counts()).toMatchObject({ '/auth/login': 1, '/auth/refresh': refreshes })
    }
    expect(JSON.parse(api.lastTo('/auth/refresh').body)).toEqual({
      refresh_token: `${CANARY}-refresh-2`,
    })
  })

  test('a refresh token is not kept without a refresh endpoint', async () => {
    const store = memoryStore()
    await startApi(pair).open({ store }).signIn()
    expect(await keptIn(store)).toEqual({ accessToken: `${CANARY}-access-1` })
  })

  test('after a rejected refresh token the credentials sign in', async () => {
    const api = startApi(pair)
    const session = api.open(withRefresh)
    await api.read(session)
    api.revoke()
    expect(await api.read(session)).toBe(200)
    expect(api.counts()).toMatchObject({ '/auth/login': 2, '/auth/refresh': 1 })
  })

  test.each([
    ['the header', { header: 'x-refresh-token' }, 'x-refresh-token', `${CANARY}-refresh-1`],
    ['Authorization', 'bearer', 'authorization', `Bearer ${CANARY}-refresh-1`],
    ['a cookie', { cookie: 'rt' }, 'cookie', `rt=${CANARY}-refresh-1`],
  ] as const)(
    'the refresh token goes in %s when that is where it is wanted',
    async (_, send, name, value) => {
      const api = startApi(pair)
      const session = api.open({ refresh: { path: '/auth/refresh', send } })
      await api.read(session)
      await session.refresh()
      const { headers, body } = api.lastTo('/auth/refresh')
      expect(headers.get(name)).toBe(value)
      expect(body).toBe('')
    },
  )

  test('the refresh token goes in a field of its own, in a form with others', async () => {
    const api = startApi(pair)
    const fields = { grant_type: 'refresh_token' }
    const send = { body: 'refresh' }
    const session = api.open({ refresh: { path: '/auth/refresh', as: 'form', send, fields } })
    await session.refresh()
    await session.refresh()
    const sent = new URLSearchParams(api.lastTo('/auth/refresh').body)
    expect(Object.fromEntries(sent)).toEqual({ ...fields, refresh: `${CANARY}-refresh-1` })
  })

  test('a stored session is renewed with its refresh token', async () => {
    const api = startApi(pair)
    const store = memoryStore()
    await api.open({ ...withRefresh, store }).refresh()
    api.expire()
    expect(await api.read(api.open({ ...withRefresh, store }))).toBe(200)
    expect(api.counts()).toMatchObject({ '/auth/login': 1, '/auth/refresh': 1 })
    expect(await keptIn(store)).toMatchObject({ refreshToken: `${CANARY}-refresh-2` })
  })

  test("a 401 with a fresh token is the caller's, and the session stays", async () => {
    const api = startApi()
    const session = api.open()
    await api.read(session)
    const denied = () => new Response('', { status: 401 })
    api.answerNext('/data', denied)
    api.answerNext('/data', denied)
    expect(await api.read(session)).toBe(401)
    expect(await api.read(session)).toBe(200)
    expect(await session.isSignedIn()).toBe(true)
  })

  test('a 401 that names a missing scope renews nothing', async () => {
    const api = startApi()
    const session = api.open()
    await api.read(session)
    const headers = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="admin"' }
    api.answerNext('/data', () => new Response('', { status: 401, headers }))
    expect(await api.read(session)).toBe(401)
    expect(api.counts()).toEqual({ '/auth/login': 1, '/data': 2 })
  })
})

describe('a failure that may pass keeps the session', () => {
  const page = (status: number) =>
    new Response('<!doctype html><title>Just a moment</title>', {
      status,
      headers: { 'content-type': 'text/html' },
    })
  const proxy = () =>
    new Response('', { status: 401, headers: { 'www-authenticate': 'Basic realm="proxy"' } })
  const lacking = (msg: string) =>
    Response.json({ detail: [{ loc: ['body', 'token'], msg }] }, { status: 422 })

  const told = (status: number, message: string) => () => Response.json({ message }, { status })
  const aws = { status: 403, headers: { 'x-amzn-errortype': 'ForbiddenException' } }

  test.each<[string, () => Response | Promise<Response>, tries: number]>([
    ['503', () => new Response('', { status: 503 }), 3],
    ['429', () => new Response('', { status: 429 }), 3],
    ['404', () => new Response('', { status: 404 }), 1],
    ['400 invalid_client', () => Response.json({ error: 'invalid_client' }, { status: 400 }), 1],
    ['400 invalid_request', () => Response.json({ error: 'invalid_request' }, { status: 400 }), 1],
    ['400 slow_down', () => Response.json({ error: 'slow_down' }, { status: 400 }), 3],
    ['429 of a page', () => page(429), 3],
    ['403 of a firewall', () => page(403), 3],
    ['401 of a proxy', () => proxy(), 3],
    // Sent again it would only fail again.
    [
      '403 for want of a CSRF token',
      () => Response.json({ detail: 'CSRF Failed' }, { status: 403 }),
      1,
    ],
    ['422 of a form that lacks a field', () => lacking('Field required'), 3], // one for each name of it
    ['401 for want of a header', told(401, 'Missing Authorization Header'), 3],
    ['400 of a body that cannot be parsed', told(400, 'JSON parse error: Unexpected end'), 3],
    ["401 of a gateway without the app's key", told(401, 'Invalid API key'), 1],
    ['403 of a rate limit', told(403, 'API rate limit exceeded for 192.0.2.1'), 1],
    [
      '401 unauthorized_client',
      () => Response.json({ error: 'unauthorized_client' }, { status: 401 }),
      1,
    ],
    ['404 of a hosting service', told(404, 'Application not found'), 1],
    ['404 of a router', told(404, 'Route /auth/refresh-token not found'), 1],
    ['426 of an old app', told(426, 'Your version is no longer supported'), 1],
    ["403 of AWS's gateway", () => Response.json({ message: 'Forbidden' }, aws), 3],
    ["403 of Cloudflare's text", () => new Response('error code: 1020', { status: 403 }), 3],
    // The refresh token may be spent: it is not presented again by the same renewal.
    ['a 200 without a token', () => Response.json({ ok: true }), 1],
    ['a page', () => new Response('<html></html>'), 1],
    ['a connection that breaks', () => Promise.reject(new TypeError('fetch failed')), 1],
  ])('%s', async (_, answer, tries) => {
    const api = startApi(pair)
    const session = api.open(withRefresh)
    await api.read(session)
    for (let at = 0; at < tries; at += 1) api.answerNext('/auth/refresh', answer)
    expect(await failure(session.refresh())).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
    await session.refresh()
    expect(api.counts()).toMatchObject({ '/auth/login': 1, '/auth/refresh': tries + 1 })
  })

  test.each([
    [400, 'invalid_grant'],
    [401, 'invalid_request'],
    [403, ''],
    [422, ''],
  ])('%i %s does not: it is a definite no', async (status, error) => {
    const api = startApi(pair)
    const session = api.open(withRefresh)
    await api.read(session)
    api.answerNext('/auth/refresh', () => Response.json({ error }, { status }))
    await session.refresh()
    expect(api.counts()).toMatchObject({ '/auth/login': 2, '/auth/refresh': 1 })
  })

  test.each([
    [200, { success: false, message: 'Refresh token expired' }],
    [200, { code: 401, msg: 'wrong token' }],
    [200, { status: 'error', message: 'Session not found' }],
    [400, { errors: { message: 'Please log in again.' } }],
    [400, { errors: { detail: 'Session has ended' } }],
    [401, { message: 'A valid refresh token is required.' }],
    [410, { message: 'Session expired' }],
    [423, { message: 'Account locked' }],
  ])('%i %j does not: the API has judged the token', async (status, body) => {
    const api = startApi(pair)
    const session = api.openBare(withRefresh)
    await session.setTokens({ accessToken: 'a', refreshToken: 'r' })
    api.answerNext('/auth/refresh', () => Response.json(body, { status }))
    expect(await failure(session.refresh())).toMatchObject({ code: 'ERR_REFRESH_TOKEN_REJECTED' })
    expect(api.counts()).toEqual({ '/auth/refresh': 1 })
  })

  test('the option `rejected` can list the statuses of a definite no', async () => {
    const api = startApi()
    const session = api.open({ signIn: { path: '/auth/login', rejected: [404] } })
    api.answerNext('/auth/login', () => Response.json({ message: ['No user.'] }, { status: 404 }))
    expect(await failure(session.signIn())).toMatchObject({ code: 'ERR_WRONG_CREDENTIALS' })
    api.answerNext('/auth/login', () => new Response('', { status: 401 }))
    expect(await failure(session.signIn())).toMatchObject({ code: 'ERR_SERVER_UNAVAILABLE' })
  })

  test('the option `rejected` can be a function that finds a no in a 200', async () => {
    const api = startApi()
    const rejected = ({ status, body }: { status: number; body: unknown }) =>
      status === 200 && (body as { success?: boolean }).success === false
    const session = api.open({ signIn: { path: '/auth/login', rejected } })
    api.answerNext('/auth/login', () => Response.json({ success: false, msg: 'Locked.' }))
    expect(await failure(session.signIn())).toMatchObject({
      code: 'ERR_WRONG_CREDENTIALS',
      message: expect.stringContaining('Locked.'),
    })
  })

  test.each([
    ['a status', [409]],
    ['a function', ({ status }: { status: number }) => status === 409],
  ])('%s may say that the user has to act first', async (_, deferred) => {
    const api = startApi(pair)
    const session = api.open({ refresh: { path: '/auth/refresh', deferred } })
    await api.read(session)
    const terms = () => Response.json({ message: 'Accept the new terms.' }, { status: 409 })
    api.answerNext('/auth/refresh', terms)
    const error = await failure(session.refresh())
    expect(error).toMatchObject({ code: 'ERR_USER_ACTION_REQUIRED', status: 409 })
    expect(error).toMatchObject({ message: expect.stringContaining('Accept the new terms.') })
    expect(session.state.status).toBe('signedIn')
    await session.refresh()
    expect(api.counts()).toMatchObject({ '/auth/login': 1, '/auth/refresh': 2 })
  })

  test('isSignedIn() throws when it cannot find out', async () => {
    const api = startApi()
    for (let at = 0; at < 3; at += 1) {
      api.answerNext('/auth/login', () => new Response('', { status: 500 }))
    }
    expect(await failure(api.open().isSignedIn())).toMatchObject({
      code: 'ERR_RENEWAL_UNAVAILABLE',
    })
  })

  test('a redirect of the sign-in is not followed', async () => {
    const api = startApi()
    const headers = { location: 'https://elsewhere.test/login' }
    api.answerNext('/auth/login', () => new Response(null, { status: 307, headers }))
    expect(await failure(api.open().signIn())).toMatchObject({ code: 'ERR_REDIRECT_REFUSED' })
    expect(api.lastTo('/auth/login').init.redirect).toBe('manual')
  })

  test('a sign-in that hangs ends after renewTimeoutMs', async () => {
    const api = startApi()
    const session = api.open({ fetch: () => new Promise(() => undefined), renewTimeoutMs: 1 })
    expect(await failure(session.signIn())).toMatchObject({ code: 'ERR_SERVER_UNAVAILABLE' })
  })
})
