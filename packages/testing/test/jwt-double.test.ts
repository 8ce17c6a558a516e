import { inspect } from 'node:util'
import { createJwtDouble, type JwtDoubleOptions } from '@latchkey/testing'
import { doubleHandlers } from '@latchkey/testing/msw'
import { setupServer } from 'msw/node'
import { describe, expect, onTestFinished, test } from 'vitest'

const ada = { username: 'ada', password: 'CANARY-7f3a-ada' }
const base = 'https://api.test'

interface Tokens {
  access_token: string
  refresh_token: string
  message: string
}

/** A double that knows Ada, and a bare client in process. Time stands still. */
function open(options: JwtDoubleOptions = {}) {
  const double = createJwtDouble({ now: () => 0, ...options })
  const { control, fetch } = double
  control.addUser(ada)
  const post = async (path: string, body: object = {}, headers: Record<string, string> = {}) => {
    const response = await fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    const json = (text === '' ? {} : JSON.parse(text)) as Tokens
    return { status: response.status, json, cookies: response.headers.getSetCookie() }
  }
  return {
    double,
    control,
    post,
    signIn: () => post('/auth/login', { email: ada.username, password: ada.password }),
    refresh: (token: string) => post('/auth/refresh', { refresh_token: token }),
    read: (token: string) =>
      fetch(`${base}/notes`, { headers: { authorization: `Bearer ${token}` } }),
  }
}

describe('tokens', () => {
  test('are in the body, with their life', async () => {
    const { signIn, read } = open()
    const { json, cookies } = await signIn()
    expect(Object.keys(json)).toEqual(['access_token', 'refresh_token', 'expires_in'])
    expect(json).toMatchObject({ expires_in: 900 })
    expect(cookies).toEqual([])
    const answer: unknown = await (await read(json.access_token)).json()
    expect(answer).toEqual({ method: 'GET', path: '/notes', username: 'ada' })
  })

  test('are in cookies, which a sign-out clears', async () => {
    const places = { token: { cookie: 'access' }, refreshToken: { cookie: 'renew' } }
    const { signIn, double, post } = open({ ...places, expiresIn: false })
    const { json, cookies } = await signIn()
    expect(json).toEqual({})
    const attributes = 'Path=/; HttpOnly; SameSite=Lax'
    expect(cookies[0]).toMatch(new RegExp(`^access=[^;]+; Max-Age=900; ${attributes}$`))
    expect(cookies[1]).toMatch(new RegExp(`^renew=[^;]+; Max-Age=2592000; ${attributes}$`))
    const cookie = cookies.map((line) => line.split(';')[0]).join('; ')
    expect((await double.fetch(`${base}/notes`, { headers: { cookie } })).status).toBe(200)
    expect((await post('/auth/refresh', {}, { cookie })).status).toBe(200)
    const out = await post('/auth/logout', {}, { cookie })
    expect(out.status).toBe(204)
    expect(out.cookies).toEqual(['access=; Max-Age=0; Path=/', 'renew=; Max-Age=0; Path=/'])
    expect((await double.fetch(`${base}/notes`, { headers: { cookie } })).status).toBe(401)
  })

  test('are in a header of the API’s own', async () => {
    const { signIn, double } = open({ header: 'X-Access-Token' })
    const { json } = await signIn()
    const headers = { 'x-access-token': json.access_token }
    expect((await double.fetch(`${base}/notes`, { headers })).status).toBe(200)
  })

  test('say why they are refused', async () => {
    const { signIn, read, control } = open()
    const { json } = await signIn()
    const reason = async (token: string) => ((await (await read(token)).json()) as Tokens).message
    expect(await reason('garbage')).toBe('invalid token')
    expect(await reason(`${json.access_token}x`)).toBe('invalid token')
    control.passTime(900_000)
    expect(await reason(json.access_token)).toBe('jwt expired')
  })
})

describe('refresh tokens', () => {
  test('work once, and a second use ends the session', async () => {
    const { signIn, refresh, read, control } = open()
    const { json: first } = await signIn()
    const { json: second } = await refresh(first.refresh_token)
    expect(await refresh(first.refresh_token)).toMatchObject({
      status: 401,
      json: { message: 'refresh token already used' },
    })
    expect((await read(second.access_token)).status).toBe(401)
    expect((await refresh(second.refresh_token)).status).toBe(401)
    expect(control.counts()).toMatchObject({ renewals: 1, rejectedRenewals: 2, reuses: 1 })
  })

  test('are accepted again within the grace', async () => {
    const { signIn, refresh, control } = open({ reuseGraceMs: 1000 })
    const { json } = await signIn()
    await refresh(json.refresh_token)
    control.passTime(999)
    expect((await refresh(json.refresh_token)).status).toBe(200)
    control.passTime(1)
    expect((await refresh(json.refresh_token)).status).toBe(401)
  })

  test('expire', async () => {
    const { signIn, refresh, control } = open({ refreshTokenLifetimeMs: 1000 })
    const { json } = await signIn()
    control.passTime(1000)
    const { json: answer } = await refresh(json.refresh_token)
    expect(answer.message).toBe('refresh token expired')
  })

  test('do not exist without a renewal', async () => {
    const { signIn, refresh } = open({ refresh: false })
    const { json } = await signIn()
    expect(json.refresh_token).toBeUndefined()
    expect((await refresh('any')).json.message).toBe('no token was sent') // it is the API's path
  })
})

describe('behind its clients’ backs', () => {
  test('a test ends access tokens, refresh tokens or sessions', async () => {
    const { control, signIn, refresh, read } = open()
    const { json: first } = await signIn()
    control.revokeAccessTokens('ada')
    expect((await read(first.access_token)).status).toBe(401)
    const { json: second } = await refresh(first.refresh_token)
    control.revokeRefreshTokens('ada')
    expect((await read(second.access_token)).status).toBe(200)
    expect((await refresh(second.refresh_token)).status).toBe(401)
    control.revokeSessions('another user')
    expect(await control.hasSession(second.access_token)).toBe(true)
    control.revokeSessions('ada')
    expect(await control.hasSession(second.access_token)).toBe(false)
    expect((await read(second.access_token)).status).toBe(401)
  })

  test('a test starts a session without a sign-in', async () => {
    const { control, refresh, read } = open()
    const { accessToken, refreshToken = '', expiresAt } = await control.startSession('ada')
    expect(expiresAt).toBe(900_000)
    expect((await read(accessToken)).status).toBe(200)
    expect((await refresh(refreshToken)).status).toBe(200)
    await expect(control.startSession('bob')).rejects.toThrow('no user bob')
  })

  test('faults are ordered by what a request is for, and a lost answer spends the refresh token', async () => {
    const { control, signIn, refresh } = open()
    const { json } = await signIn()
    control.failNext('renewal', 1, { status: 503, body: { message: 'later' } })
    control.failNext('renewal', 1, 'lost answer')
    expect((await refresh(json.refresh_token)).status).toBe(503)
    await expect(refresh(json.refresh_token)).rejects.toThrow('fetch failed')
    expect((await refresh(json.refresh_token)).json.message).toBe('refresh token already used')
  })

  test('the log says what was asked, what was answered and why, without a secret', async () => {
    const { double, control, signIn, refresh, post } = open({ jwtSecret: 'CANARY-7f3a-signing' })
    const { json } = await signIn()
    await refresh(json.refresh_token)
    await post('/auth/login', { email: 'ada', password: 'wrong' })
    await post('/auth/login')
    expect(control.log()).toMatchObject([
      { kind: 'signIn', status: 200, reason: undefined },
      { kind: 'renewal', status: 200 },
      { kind: 'signIn', status: 401, reason: 'Invalid credentials' },
      { kind: 'signIn', status: 400, reason: 'email and password are required' },
    ])
    const all = inspect([control.log(), control.counts(), double], { depth: 9, showHidden: true })
    for (const secret of ['CANARY', json.access_token, json.refresh_token]) {
      expect(all).not.toContain(secret)
    }
  })
})

test('it answers in MSW, a preflight of a page with cookies too', async () => {
  const { double } = open()
  const msw = setupServer(...doubleHandlers(double, base))
  msw.listen({ onUnhandledFrame: 'error' })
  onTestFinished(() => msw.close())
  const email = ada.username
  const body = new URLSearchParams({ email, password: ada.password })
  expect((await fetch(`${base}/auth/login`, { method: 'POST', body })).status).toBe(200)
  const origin = 'https://app.test'
  const { headers } = await fetch(`${base}/notes`, { method: 'OPTIONS', headers: { origin } })
  expect(headers.get('access-control-allow-origin')).toBe(origin)
  expect(headers.get('access-control-allow-credentials')).toBe('true')
})

test.each([
  [{ accessTokenLifetimeMs: 1500 }, 'accessTokenLifetimeMs'],
  [{ refreshTokenLifetimeMs: 0 }, 'refreshTokenLifetimeMs'],
  [{ reuseGraceMs: -1 }, 'reuseGraceMs'],
  [{ signIn: '/login?x=1' }, 'signIn'],
  [{ refresh: '' }, 'refresh'],
  [{ refreshTokens: 'never' as 'keep' }, 'refreshTokens'],
])('a wrong option is named: %o', (options, name) => {
  expect(() => createJwtDouble(options)).toThrow(name)
})
