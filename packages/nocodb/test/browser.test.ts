import { memoryStore } from '@latchkey/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { COOKIE_JAR } from '../src/refresh-cookie.ts'
import {
  ada,
  BASE_URL,
  CANARY,
  codeOf,
  failure,
  signedIn,
  type Server,
  startServer,
  urlOf,
} from './support/server.ts'

/**
 * A page, as far as core of it can be had here: scripts can neither set `Cookie` nor see `Set-Cookie`,
 * and the browser keeps the cookies of requests that go out with credentials.
 */
function browserFetch(server: Server) {
  const jar = new Map<string, string>()
  const credentials: { path: string; credentials: RequestCredentials | undefined }[] = []
  const send: typeof fetch = async (input, init = {}) => {
    const url = urlOf(input)
    const { pathname } = url
    credentials.push({ path: pathname, credentials: init.credentials })
    const headers = new Headers(init.headers)
    headers.delete('cookie')
    const isTrusted = init.credentials === 'include'
    const cookies = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    if (isTrusted && cookies) headers.set('cookie', cookies)
    const response = await server.double.fetch(new NodeRequest(url, { ...init, headers }))
    for (const line of isTrusted ? response.headers.getSetCookie() : []) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      jar.set(name, value)
    }
    const visible = new Headers(response.headers)
    visible.delete('set-cookie')
    return new Response(response.body, { status: response.status, headers: visible })
  }
  return { send, credentials }
}

const NodeRequest = globalThis.Request

function enterPage(origin: string) {
  vi.stubGlobal('location', new URL(`${origin}/page`))
  vi.stubGlobal(
    'Request',
    class extends NodeRequest {
      constructor(input: RequestInfo | URL, init?: RequestInit) {
        super(input, init)
        if (!(input instanceof NodeRequest)) this.headers.delete('cookie')
      }
    },
  )
}

let server: Server
let browser: ReturnType<typeof browserFetch>
beforeEach(() => {
  server = startServer()
  browser = browserFetch(server)
})
afterEach(() => vi.unstubAllGlobals())

const open = (more = {}) => server.open({ ...ada, fetch: browser.send, ...more })
const credentialsOf = (path: string) =>
  browser.credentials.find((one) => one.path.endsWith(path))?.credentials

describe("in a page on NocoDB's own origin", () => {
  beforeEach(() => enterPage(BASE_URL))

  it('the sign-in asks the browser to keep the cookie, and only a marker is stored', async () => {
    const store = memoryStore()
    await open({ store }).getTokens()
    expect(credentialsOf('/user/signin')).toBe('include')
    expect(await store.getToken(BASE_URL)).toMatchObject({ refreshToken: COOKIE_JAR })
  })

  it('the refresh is sent with credentials, and the session continues', async () => {
    const noco = open()
    await noco.getTokens()
    server.expire()
    await noco.getTokens()
    server.expire()
    await noco.getTokens()
    expect(credentialsOf('/token/refresh')).toBe('include')
    expect(server.control.counts()).toMatchObject({ signIns: 1, renewals: 2 })
  })

  it('the next page continues the session from the marker, without a password', async () => {
    const store = memoryStore()
    await open({ store }).getTokens()
    server.expire()
    const next = server.open({ store, fetch: browser.send })
    await next.getTokens()
    expect(server.control.counts()).toMatchObject({ signIns: 1, renewals: 1 })
  })

  it('after a password change the session continues with the new cookie', async () => {
    const noco = open()
    const newPassword = `${CANARY}-new`
    await noco.changePassword({ currentPassword: ada.password, newPassword })
    expect(server.control.counts()).toMatchObject({ signIns: 1, renewals: 1 })
  })

  it('if the cookie is gone, the password signs in', async () => {
    const noco = open()
    await noco.getTokens()
    server.control.revokeSessions(ada.email)
    server.expire()
    await noco.getTokens()
    expect(server.control.counts()).toMatchObject({ signIns: 2, rejectedRenewals: 1 })
  })
})

describe('in a page of another origin', () => {
  beforeEach(() => enterPage('https://app.test'))

  it('the sign-in does not ask for a cookie and stores no marker', async () => {
    const store = memoryStore()
    await open({ store }).getTokens()
    expect(credentialsOf('/user/signin')).toBeUndefined()
    expect(await store.getToken(BASE_URL)).not.toHaveProperty('refreshToken')
  })

  it('an ended session is an error that says what to do', async () => {
    const noco = open({ email: undefined, password: undefined })
    await noco.signIn(ada)
    server.expire()
    const { code, message } = await failure(noco.getTokens())
    expect(code).toBe('ERR_CROSS_ORIGIN_REFRESH')
    expect(message).toMatch(/same origin.*`email` and `password`.*API token/)
    expect(server.control.counts().renewals).toBe(0)
    expect(await noco.isSignedIn()).toBe(false)
  })

  it('a session left by a page of the right origin cannot be refreshed either', async () => {
    const store = memoryStore()
    void store.setToken({ accessToken: 'dead', refreshToken: COOKIE_JAR, expiresAt: 1 }, BASE_URL)
    const noco = server.open({ store, fetch: browser.send })
    expect(await codeOf(noco.getTokens())).toBe('ERR_CROSS_ORIGIN_REFRESH')
  })

  it('signs in again where there is a password', async () => {
    const noco = open()
    await noco.getTokens()
    server.expire()
    await noco.getTokens()
    expect(server.control.counts()).toMatchObject({ signIns: 2, renewals: 0 })
  })

  it('without a session the error asks for a sign-in and does not mention origins', async () => {
    const noco = open({ email: undefined, password: undefined })
    expect(await codeOf(noco.getTokens())).toBe('ERR_SIGN_IN_REQUIRED')
  })
})

it('on a server the refresh token itself is kept, and no marker', async () => {
  const store = memoryStore()
  await signedIn(server, { store })
  expect(await store.getToken(BASE_URL)).not.toMatchObject({ refreshToken: COOKIE_JAR })
})
