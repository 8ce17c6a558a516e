import { inspect } from 'node:util'
import { memoryStore } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  ada,
  type Api,
  BASE_URL,
  CANARY,
  type Issued,
  keptIn,
  startApi,
} from './support/token-api.ts'

/** The access token in an HttpOnly cookie, and nothing in the body, as plumber does it. */
const inCookie = ({ access, refresh }: Issued) => {
  const headers = new Headers()
  headers.append('set-cookie', `token=${access}; Path=/; HttpOnly`)
  headers.append('set-cookie', `refresh=${refresh}; Path=/v1/auth; HttpOnly`)
  return Response.json({}, { headers })
}

const cookies = { token: { cookie: 'token' }, refreshToken: { cookie: 'refresh' } } as const
const withRefresh = { ...cookies, refresh: '/auth/refresh', signOut: '/auth/logout' } as const

const NodeRequest = globalThis.Request

/** As in a page: scripts can neither set `Cookie` nor see `Set-Cookie`; there is a cookie jar instead. */
function enterPage(api: Api) {
  const jar = new Map<string, string>()
  vi.stubGlobal(
    'Request',
    class extends NodeRequest {
      constructor(input: RequestInfo | URL, init?: RequestInit) {
        super(input, init)
        if (!(input instanceof NodeRequest)) this.headers.delete('cookie')
      }
    },
  )
  const send: typeof fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers)
    const isTrusted = init.credentials === 'include'
    const kept = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    headers.delete('cookie')
    if (isTrusted && kept) headers.set('x-jar', kept) // where the server looks as well
    const response = await api.send(input, { ...init, headers })
    for (const line of isTrusted ? response.headers.getSetCookie() : []) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      jar.set(name, value)
    }
    const visible = new Headers(response.headers)
    visible.delete('set-cookie')
    return new Response(response.status === 204 ? null : await response.text(), {
      status: response.status,
      headers: visible,
    })
  }
  return { send, jar }
}

afterEach(() => vi.unstubAllGlobals())

describe('on a platform that keeps no cookies', () => {
  test('the token is sent as its cookie, and no other cookie is', async () => {
    const api = startApi(inCookie)
    expect(await api.read(api.open(cookies))).toBe(200)
    const { headers } = api.lastTo('/data')
    expect(headers.get('cookie')).toBe(`token=${CANARY}-access-1`)
    expect(headers.has('authorization')).toBe(false)
  })

  test('an expiry is renewed with the refresh cookie, which goes nowhere else', async () => {
    const api = startApi(inCookie)
    const session = api.open(withRefresh)
    await api.read(session)
    api.expire()
    expect(await api.read(session)).toBe(200)
    expect(api.counts()).toMatchObject({ '/auth/login': 1, '/auth/refresh': 1 })
    expect(api.lastTo('/auth/refresh').headers.get('cookie')).toBe(`refresh=${CANARY}-refresh-1`)
    expect(api.lastTo('/data').headers.get('cookie')).toBe(`token=${CANARY}-access-2`)
  })

  test('a cookie of the caller wins', async () => {
    const api = startApi(inCookie)
    const init = { headers: { cookie: 'token=own' } }
    expect(await api.read(api.open(cookies), '/data', init)).toBe(401)
    expect(api.counts()).toEqual({ '/data': 1 })
  })

  test('a sign-out sends both cookies if the server needs the refresh token', async () => {
    const api = startApi(inCookie)
    const signOut = { path: '/auth/logout', send: { cookie: 'refresh' } }
    const session = api.open({ ...withRefresh, signOut })
    await session.signIn()
    await session.signOut()
    expect(api.lastTo('/auth/logout').headers.get('cookie')).toBe(
      `token=${CANARY}-access-1; refresh=${CANARY}-refresh-1`,
    )
  })
})

describe('in a page', () => {
  test('only a marker is kept: no value of a cookie is in the session, the store or a request', async () => {
    const api = startApi(inCookie)
    const { send } = enterPage(api)
    const store = memoryStore()
    const session = api.open({ ...withRefresh, fetch: send, store })
    const held = [await session.getTokens(), await keptIn(store)]
    expect(inspect(held, { depth: 9 })).not.toContain(CANARY)
    expect(held[0]).toEqual({
      accessToken: expect.stringMatching(/^in-the-cookie-jar:/),
      refreshToken: expect.stringMatching(/^in-the-cookie-jar:/),
    })
  })

  test('sign-in, refresh and sign-out use the cookies of the browser', async () => {
    const api = startApi(inCookie)
    const session = api.open({ ...withRefresh, fetch: enterPage(api).send })
    await session.signIn()
    await session.refresh()
    await session.signOut()
    const own = api.arrived.map(({ path, init }) => [path, init.credentials])
    expect(own).toEqual([
      ['/auth/login', 'include'],
      ['/auth/refresh', 'include'],
      ['/auth/logout', 'include'],
    ])
  })

  test('a request gets no extra header, and a 401 is renewed with the cookies of the browser and sent again', async () => {
    const api = startApi(inCookie)
    const { send } = enterPage(api)
    const session = api.open({ ...withRefresh, fetch: send })
    const read = async () =>
      (await authorizedFetch(session, send)(`${BASE_URL}/data`, { credentials: 'include' })).status
    await session.signIn()
    expect(await read()).toBe(200)
    api.expire()
    expect(await Promise.all([read(), read(), read()])).toEqual([200, 200, 200])
    expect(api.counts()).toMatchObject({ '/auth/login': 1, '/auth/refresh': 1 })
    const { headers, generation } = await session.authorize({ url: BASE_URL, method: 'GET' })
    expect({ ...headers, generation }).toEqual({ generation: 2 })
  })

  test('each sign-in has a marker of its own, so that other tabs can tell them apart', async () => {
    const api = startApi(inCookie)
    const session = api.open({ ...cookies, fetch: enterPage(api).send })
    const first = await session.getTokens()
    expect((await session.refresh()).accessToken).not.toBe(first.accessToken)
  })

  test('a reload continues with the refresh cookie of the last visit, also without a store', async () => {
    const api = startApi(({ access, refresh }) =>
      Response.json(
        { token: access },
        { headers: { 'set-cookie': `refresh=${refresh}; HttpOnly` } },
      ),
    )
    const { send } = enterPage(api)
    const options = { refreshToken: cookies.refreshToken, refresh: '/auth/refresh', fetch: send }
    const visitor = api.openBare(options)
    expect(await visitor.isSignedIn()).toBe(false)
    await visitor.signIn(ada)
    expect(await api.openBare(options).isSignedIn()).toBe(true)
    expect(api.counts()).toEqual({ '/auth/refresh': 2, '/auth/login': 1 })
    expect((await visitor.getTokens()).accessToken).toBe(`${CANARY}-access-1`)
  })

  test('if no token is in a cookie, own requests do not send the cookies of the browser', async () => {
    const api = startApi()
    await api.open({ fetch: enterPage(api).send }).signIn()
    expect(api.lastTo('/auth/login').init.credentials).toBeUndefined()
  })
})
