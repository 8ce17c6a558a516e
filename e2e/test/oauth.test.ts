import { isLatchkeyError, memoryStore } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { finishSignIn, type OAuth, oauth, startSignIn } from '@latchkey/oauth'
import { PrivateKeyJwt } from 'oauth4webapi'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { browse } from '../src/oauth/browser.ts'
import {
  ada,
  app,
  assertion,
  callback,
  JWT_BEARER,
  machine,
  type OAuthServer,
  signer,
  startOAuthServer,
} from '../src/oauth/server.ts'
import { statusesOf, subjects } from './support/subjects.ts'

let server: OAuthServer

beforeAll(async () => {
  server = await startOAuthServer()
})
afterAll(() => server.close())
beforeEach(() => {
  Object.assign(server.noticed, { consumed: 0, revoked: 0, refused: [] })
})

/** Of ada, who has been through a real code flow. */
async function signedIn(scope = 'openid', options: Partial<Parameters<typeof oauth>[0]> = {}) {
  const manager = oauth({ origin: server.url, issuer: server.url, ...app, ...options })
  const { url, pending } = await startSignIn(manager, { redirectUri: callback, scope })
  await finishSignIn(manager, await browse(url, callback), { pending })
  return { manager, tokens: await manager.getTokens() }
}

/** What the server says about a token (RFC 7662). */
async function introspect(token: string): Promise<{ active: boolean; scope?: string }> {
  const credentials = btoa(`${machine.clientId}:${encodeURIComponent(machine.clientSecret)}`)
  const response = await fetch(`${server.url}/token/introspection`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ token }),
  })
  return (await response.json()) as { active: boolean; scope?: string }
}

const me = (manager: OAuth) => wrapFetch(manager)(`${server.url}/me`)

/** Every client on every transport, all of one manager or of several. */
const sendersOf = (...managers: OAuth[]) =>
  managers.flatMap((manager) =>
    subjects.map(({ subject }) => subject.connect({ manager, baseUrl: server.url })),
  )

describe('a machine', () => {
  const open = (more = {}) =>
    oauth({ origin: server.url, issuer: server.url, ...machine, clientCredentials: true, ...more })

  test('gets a token for itself that the server accepts', async () => {
    const { accessToken, expiresAt } = await open({ scope: 'read' }).getTokens()
    expect(await introspect(accessToken)).toMatchObject({ active: true, scope: 'read' })
    expect(expiresAt).toBeGreaterThan(Date.now())
  })

  test('can send its secret in the form', async () => {
    const { accessToken } = await open({ clientAuthentication: 'post' }).getTokens()
    expect(await introspect(accessToken)).toMatchObject({ active: true })
  })

  test('can authenticate with a signature', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const key = await crypto.subtle.importKey('jwk', signer.privateKey, algorithm, false, ['sign'])
    const clientAuthentication = PrivateKeyJwt(key)
    const { clientId } = signer
    const manager = open({ clientId, clientSecret: undefined, clientAuthentication })
    const { accessToken } = await manager.getTokens()
    expect(await introspect(accessToken)).toMatchObject({ active: true })
  })

  test('continues with a rotated secret without a restart', async () => {
    const secrets = ['CANARY-7f3a-old', machine.clientSecret]
    const manager = open({ clientSecret: () => secrets.shift() })
    await expect(manager.getTokens()).rejects.toMatchObject({
      cause: { code: 'ERR_OAUTH_CONFIGURATION' },
    })
    const { accessToken } = await manager.refresh()
    expect(await introspect(accessToken)).toMatchObject({ active: true })
  })

  test('in a cloud presents an assertion, with a grant of five lines', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const key = await crypto.subtle.importKey('jwk', signer.privateKey, algorithm, false, ['sign'])
    const manager = oauth({
      origin: server.url,
      issuer: server.url,
      clientId: signer.clientId,
      clientAuthentication: PrivateKeyJwt(key),
      grants: [{ name: 'workload', grantType: JWT_BEARER, parameters: () => ({ assertion }) }],
    })
    const { accessToken } = await manager.getTokens()
    expect(await introspect(accessToken)).toMatchObject({ active: true, scope: 'read' })
  })

  test.each([
    ['a wrong secret', { clientSecret: 'CANARY-7f3a-wrong' }, 'invalid_client'],
    ['an unknown client', { clientId: 'nobody' }, 'invalid_client'],
    ['a scope that it may not have', { scope: 'profile' }, 'invalid_scope'],
    ['a grant that it may not use', app, 'invalid_request'],
  ])('with %s gets an error that says what to correct, once', async (_, wrong, code) => {
    const manager = open(wrong)
    const all = await statusesOf(5, async () => {
      const error = await me(manager).catch((reason: unknown) => reason)
      expect(isLatchkeyError(error) && error.cause).toMatchObject({
        code: 'ERR_OAUTH_CONFIGURATION',
        message: expect.stringContaining(code),
      })
      return {}
    })
    expect(all).toEqual([undefined])
    expect(server.noticed.refused).toEqual([code])
  })
})

describe('a user', () => {
  test('continues across an expiry with a rotated refresh token', async () => {
    const { manager, tokens } = await signedIn()
    server.expireAccessTokens()
    const response = await me(manager)
    expect(await response.json()).toMatchObject({ sub: 'ada' })
    expect((await manager.getTokens()).refreshToken).not.toBe(tokens.refreshToken)
    expect(server.noticed).toEqual({ consumed: 1, revoked: 0, refused: [] })
  })

  test('signs in by password, once, and continues with the refresh token', async () => {
    const manager = oauth({ origin: server.url, issuer: server.url, ...app, ...ada })
    const grants: string[] = []
    manager.on('renewed', ({ grant }) => grants.push(grant))
    expect(await statusesOf(20, () => me(manager))).toEqual([200])
    server.expireAccessTokens()
    expect(await statusesOf(20, () => me(manager))).toEqual([200])
    expect(grants).toEqual(['username and password', 'refresh token'])
    expect(server.noticed).toEqual({ consumed: 1, revoked: 0, refused: [] })
  })

  test('with a wrong password is refused, once', async () => {
    const wrong = { ...ada, password: 'CANARY-7f3a-wrong' }
    const manager = oauth({ origin: server.url, issuer: server.url, ...app, ...wrong })
    for (const _ of [1, 2]) {
      await expect(me(manager)).rejects.toMatchObject({ code: 'ERR_WRONG_CREDENTIALS' })
    }
    expect(server.noticed.refused).toEqual(['invalid_grant'])
  })

  test('who signs out is signed out at the server too: both tokens are invalid', async () => {
    const { manager } = await signedIn()
    const { accessToken, refreshToken = '' } = await manager.refresh()
    expect(await introspect(accessToken)).toMatchObject({ active: true })
    await manager.signOut()
    expect(await introspect(accessToken)).toEqual({ active: false })
    expect(await introspect(refreshToken)).toEqual({ active: false })
  })

  test.each(subjects)(
    'without the scope gets an error that says so, and nothing is renewed: $name',
    async (one) => {
      const { manager } = await signedIn('profile')
      const send = one.subject.connect({ manager, baseUrl: server.url })
      const { status, result } = await send('/me')
      expect(status).toBe(403)
      expect(manager.explain(result)?.code).toBe('ERR_INSUFFICIENT_SCOPE')
      expect(server.noticed.consumed).toBe(0)
    },
  )

  test('whose session was ended elsewhere has to sign in', async () => {
    const { manager, tokens } = await signedIn()
    const elsewhere = oauth({ origin: server.url, issuer: server.url, ...app })
    await elsewhere.setTokens(tokens)
    await elsewhere.signOut()
    const response = await me(manager)
    expect(response.status).toBe(401)
    expect(manager.explain(response)?.code).toBe('ERR_REFRESH_TOKEN_REJECTED')
  })
})

describe('reuse detection', () => {
  test('is active: a refresh token presented twice ends the session', async () => {
    const { manager, tokens } = await signedIn()
    const { accessToken } = await manager.refresh()
    const thief = oauth({ origin: server.url, issuer: server.url, ...app })
    await thief.setTokens(tokens)
    await expect(thief.refresh()).rejects.toMatchObject({
      code: 'ERR_REFRESH_TOKEN_REJECTED',
      message: expect.stringContaining('another manager or program'),
    })
    expect(server.noticed).toEqual({ consumed: 1, revoked: 1, refused: ['invalid_grant'] })
    expect(await introspect(accessToken)).toEqual({ active: false })
  })

  test('100 requests across an expiry through all clients cause no reuse', async () => {
    const { manager } = await signedIn()
    const senders = sendersOf(manager)
    for (const round of [1, 2, 3]) {
      server.expireAccessTokens()
      expect(await statusesOf(100, (at) => senders[at % senders.length]!('/me'))).toEqual([200])
      expect(server.noticed).toEqual({ consumed: round, revoked: 0, refused: [] })
    }
  })

  test('100 requests across an expiry of two managers on one store cause no reuse', async () => {
    const shared = { store: memoryStore() }
    const first = await signedIn('openid', shared)
    const second = oauth({ origin: server.url, issuer: server.url, ...app, ...shared })
    const senders = sendersOf(first.manager, second)
    for (const round of [1, 2, 3]) {
      server.expireAccessTokens()
      expect(await statusesOf(100, (at) => senders[at % senders.length]!('/me'))).toEqual([200])
      expect(server.noticed).toEqual({ consumed: round, revoked: 0, refused: [] })
    }
  })
})
