import { memoryStore } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { serverVersions } from '@latchkey/testing'
import { describe, expect, it, vi } from 'vitest'
import {
  ada,
  BASE_URL,
  codeOf,
  countOf,
  failure,
  root,
  signedIn,
  skippingWaits,
  startServer,
  withoutPassword,
} from './support/server.ts'

describe.each(serverVersions)('three kinds of rejection on %s:', (version) => {
  it("a rejected API token has its own error, the caller gets the 401, and there isn't a sign-in", async () => {
    const server = startServer({ version })
    const { id, token } = server.control.createApiToken(ada.email)
    server.control.revokeApiToken(id)
    vi.spyOn(console, 'warn').mockImplementationOnce(() => undefined)
    const noco = server.open({ ...ada, apiToken: token })
    const response = await server.read(noco)
    expect(response.status).toBe(401)
    expect(noco.explain(response)?.code).toBe('ERR_API_TOKEN_REJECTED')
    expect(await codeOf(noco.me())).toBe('ERR_API_TOKEN_REJECTED')
    expect(server.control.counts()).toMatchObject({ requests: 2, signIns: 0, renewals: 0 })
  })

  it('a dead access token with nothing to renew it: ERR_SIGN_IN_REQUIRED', async () => {
    const server = startServer({ version })
    const noco = await withoutPassword(server)
    const { accessToken } = await noco.getTokens()
    await noco.setTokens({ accessToken })
    server.control.revokeSessions(ada.email)
    const response = await server.read(noco)
    expect(response.status).toBe(401)
    expect(noco.explain(response)?.code).toBe('ERR_SIGN_IN_REQUIRED')
    expect(await codeOf(server.read(noco))).toBe('ERR_SIGN_IN_REQUIRED')
  })

  it('a rejected refresh token: ERR_REFRESH_TOKEN_REJECTED, and the session has ended', async () => {
    const server = startServer({ version })
    const store = memoryStore()
    const noco = await withoutPassword(server, { store })
    const signedOut = countOf(noco, 'signedOut')
    server.control.revokeRefreshTokens(ada.email)
    server.expire()
    expect(await codeOf(server.read(noco))).toBe('ERR_REFRESH_TOKEN_REJECTED')
    expect(await codeOf(server.read(noco))).toBe('ERR_REFRESH_TOKEN_REJECTED')
    expect(server.control.counts()).toMatchObject({ rejectedRenewals: 1, dataRequests: 0 })
    expect(store.getToken(BASE_URL)).toBeUndefined()
    expect(signedOut()).toBe(1)
  })

  it('after a rejected refresh token the password signs in, if there is one', async () => {
    const server = startServer({ version })
    const noco = await signedIn(server)
    server.control.revokeSessions(ada.email)
    expect(await server.readMany(noco, 20)).toEqual([200])
    expect(server.control.counts()).toMatchObject({ rejectedRenewals: 1, signIns: 1 })
  })
})

describe('a refresh token', () => {
  it('past its date is not sent', async () => {
    const server = startServer({ refreshTokenLifetimeMs: 7_200_000 })
    const noco = await withoutPassword(server)
    server.clock.pass(7_200_000)
    expect(await codeOf(server.read(noco))).toBe('ERR_REFRESH_TOKEN_REJECTED')
    expect(server.control.counts().requests).toBe(0)
  })

  it('past its date is skipped, and the password signs in', async () => {
    const server = startServer({ refreshTokenLifetimeMs: 7_200_000 })
    const noco = await signedIn(server)
    server.clock.pass(7_200_000)
    expect((await server.read(noco)).status).toBe(200)
    expect(server.control.counts()).toMatchObject({ signIns: 1, rejectedRenewals: 0 })
  })

  it.each([
    [400, { msg: 'Missing refresh token' }],
    [400, { msg: 'Invalid refresh token' }],
    [400, { msg: 'Authentication required - Invalid refresh token' }],
    [400, { msg: 'Authentication required - Refresh token expired' }],
    [401, { error: 'ERR_AUTHENTICATION_REQUIRED', message: 'Authentication required' }],
    [403, ''],
  ])('answered with %s %j is rejected', async (status, body) => {
    const server = startServer()
    const noco = await withoutPassword(server)
    server.expire()
    server.control.failNext('renewal', 1, { status, body })
    expect(await codeOf(server.read(noco))).toBe('ERR_REFRESH_TOKEN_REJECTED')
  })

  it.each([
    ['a broken connection', 'network' as const],
    ['500', { status: 500, body: { msg: 'oops' } }],
    ['502 with a page', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['429', { status: 429 }],
    ['400 with a page of a firewall', { status: 400, body: '<html>Bad Request</html>' }],
    ['404', { status: 404 }],
    ['a redirect', { status: 307, headers: { location: 'https://evil.test/' } }],
    ['200 without a token', { status: 200, body: {} }],
    ['200 with a page', { status: 200, body: '<html>Log in to the hotel network</html>' }],
  ])('answered with %s is kept, and works later; no password is sent', async (_, fault) => {
    const server = startServer()
    const noco = await signedIn(server)
    const signedOut = countOf(noco, 'signedOut')
    server.expire()
    // It may be spent when the answer is lost or unusable, or a gateway gives up, so it is not presented three times over.
    const isLost = fault === 'network' || [200, 502].includes(fault.status)
    const faults = isLost ? 1 : 3
    server.control.failNext('renewal', faults, fault)
    await skippingWaits(async () => {
      expect(await codeOf(server.read(noco))).toBe('ERR_RENEWAL_UNAVAILABLE')
    })
    server.clock.pass(2_000)
    expect((await server.read(noco)).status).toBe(200)
    expect(server.control.counts()).toMatchObject({ signIns: 0, renewals: 1, faults })
    expect(signedOut()).toBe(0)
  })

  it('whose answer was lost is sent once more by the next renewal, which then signs in by password', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    server.expire()
    server.control.failNext('renewal', 1, 'lost answer')
    expect(await codeOf(server.read(noco))).toBe('ERR_RENEWAL_UNAVAILABLE')
    expect(server.control.counts()).toMatchObject({ signIns: 0, rejectedRenewals: 0 })
    server.clock.pass(2_000)
    expect((await server.read(noco)).status).toBe(200)
    expect(server.control.counts()).toMatchObject({ signIns: 1, rejectedRenewals: 1 })
  })
})

describe('a wrong password', () => {
  it('has its own error code, and is tried once for 50 waiting requests and the next 10', async () => {
    const server = startServer()
    const noco = server.open({ ...ada, password: 'not this one' })
    const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(server.read(noco))))
    for (let n = 0; n < 10; n += 1) codes.push(await codeOf(server.read(noco)))
    expect(new Set(codes)).toEqual(new Set(['ERR_WRONG_CREDENTIALS']))
    expect(server.control.counts()).toMatchObject({ requests: 1, rejectedSignIns: 1 })
  })

  it('no longer matters after a signIn() with the right one', async () => {
    const server = startServer()
    const noco = server.open({ ...ada, password: 'not this one' })
    await failure(server.read(noco))
    await noco.signIn(ada)
    expect((await server.read(noco)).status).toBe(200)
  })

  it('is not the same error as a sign-in that is unavailable', async () => {
    const server = startServer()
    const noco = server.open(ada)
    server.control.failNext('signIn', 3, { status: 503 })
    await skippingWaits(async () => {
      expect(await codeOf(server.read(noco))).toBe('ERR_RENEWAL_UNAVAILABLE')
    })
    server.clock.pass(2_000)
    expect((await server.read(noco)).status).toBe(200)
  })
})

describe('a 401 that is not about the token', () => {
  it.each(serverVersions)(
    'never renews: an API token where none is allowed, on %s',
    async (version) => {
      const server = startServer({ version })
      const { token } = server.control.createApiToken(root.email)
      const noco = server.open({ apiToken: token })
      const response = await authorizedFetch(noco, server.double.fetch)(`${BASE_URL}/api/v1/users`)
      expect(response.status).toBe(401)
      expect(noco.explain(response)).toBeUndefined()
    },
  )

  it.each(['API_TOKEN_NOT_ALLOWED', 'ERR_API_TOKEN_NOT_ALLOWED'])(
    'never renews: %s',
    async (error) => {
      const server = startServer()
      const noco = await signedIn(server)
      server.control.failNext('data', 1, { status: 401, body: { error, message: 'no' } })
      expect((await server.read(noco)).status).toBe(401)
      expect(server.control.counts()).toMatchObject({ requests: 1, renewals: 0 })
    },
  )
})

describe('a 401 about the token', () => {
  it.each([
    [{ msg: 'Invalid token' }],
    [{ error: 'AUTHENTICATION_REQUIRED', message: 'Authentication required - Invalid token' }],
    [{ error: 'ERR_AUTHENTICATION_REQUIRED', message: 'Authentication required - Invalid token' }],
    [{ msg: 'Unauthorized' }],
    [{ error: 'ERR_AUTHENTICATION_REQUIRED', message: 'Authentication required - Unauthorized' }],
    ['<html>401 Unauthorized</html>'],
    [''],
  ])('%j is renewed', async (body) => {
    const server = startServer()
    const noco = await signedIn(server)
    server.control.failNext('data', 1, { status: 401, body })
    const response = await server.read(noco)
    expect(response.status).toBe(200)
    expect(server.control.counts()).toMatchObject({ renewals: 1, dataRequests: 2 })
  })

  it.each(serverVersions)(
    'of a revoked session on /api/v1/tokens is renewed on %s',
    async (version) => {
      const server = startServer({ version })
      const noco = await signedIn(server)
      server.control.revokeAccessTokens(ada.email)
      expect(await noco.apiTokens.list()).toEqual([])
      expect(server.control.counts()).toMatchObject({ renewals: 1, signIns: 0 })
    },
  )

  it.each([400, 403, 404, 422, 500])('is not assumed for status %s', async (status) => {
    const server = startServer()
    const noco = await signedIn(server)
    server.control.failNext('data', 1, { status, body: { msg: 'Invalid token' } })
    expect((await server.read(noco)).status).toBe(status)
    expect(server.control.counts()).toMatchObject({ requests: 1 })
  })

  it("leaves the caller's body readable", async () => {
    const server = startServer()
    const noco = server.open({ apiToken: 'unknown-token' })
    const response = await server.read(noco)
    expect(await response.json()).toMatchObject({ error: 'ERR_AUTHENTICATION_REQUIRED' })
  })
})
