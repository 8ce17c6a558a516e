import { bearer, memoryStore } from '@latchkey/core'
import { describe, expect, it } from 'vitest'
import { printed, thrown } from '../../nocodb/test/support/server.ts'
import { oauth, type OAuthOptions } from '../src/index.ts'
import { ada, API, CANARY, CLIENT, ISSUER, startServer } from './support/oauth-server.ts'

const required = { origin: API, issuer: ISSUER, clientId: 'reports' }
const make = (more: object) => () => oauth({ ...required, ...more })

describe('an option', () => {
  it.each([
    ['`origin`', { origin: undefined }],
    ['`origin`', { origin: 'http://api.test' }],
    ['`issuer`', { issuer: undefined }],
    ['`issuer`', { issuer: 'login.test' }],
    ['`issuer`', { issuer: 'http://login.test' }],
    ['`issuer`', { issuer: `https://ada:${CANARY}@login.test` }],
    ['`tokenEndpoint`', { tokenEndpoint: `${ISSUER}/token` }],
    ['`tokenEndpoint`', { issuer: undefined, tokenEndpoint: 'ftp://login.test' }],
    ['`revocationEndpoint`', { revocationEndpoint: 'http://login.test/revoke' }],
    ['`clientId`', { clientId: undefined }],
    ['`clientId`', { clientId: '' }],
    ['`clientSecret`', { clientSecret: '' }],
    ['`clientSecret`', { clientSecret: 5 }],
    ['`clientSecret`', { ...CLIENT, clientAuthentication: 'none' }],
    ['`clientSecret`', { clientAuthentication: 'basic' }],
    ['`clientAuthentication`', { ...CLIENT, clientAuthentication: 'digest' }],
    ['`clientSecret`', { ...CLIENT, clientAuthentication: () => undefined }],
    ['`grants`', { grants: {} }],
    ['`grants[0]`', { grants: [{ name: 'x' }] }],
    ['`grants[0]`', { grants: [null] }],
    ['`grants[1]`', { grants: [{ name: 'x', grantType: 'y' }, { grantType: 'y' }] }],
    ['`resource`', { resource: 'api' }],
    ['`resource`', { resource: ['https://api.test/#part'] }],
    ['`audiences`', { audiences: {} }],
    ['`audiences`', { audiences: { 'https://other.test': { scope: 'x' } } }],
    ['`audiences["https://api.test"]`', { audiences: { [API]: {} } }],
    ['`audiences["https://api.test"]`', { audiences: { [API]: { audience: 'x' } } }],
    ['`resource`', { audiences: { [API]: { scope: 'x' } }, resource: 'urn:x' }],
    ['`dpop`', { dpop: false }],
    ['`dpop`', { dpop: {} }],
    ['`dpop`', { dpop: true, scheme: bearer() }],
    ['`refreshScope`', { refreshScope: ['read'] }],
    ['`scheme`', { scheme: {} }],
    ['`password`', { username: 'ada' }],
    ['`username`', { password: `${CANARY}-ada` }],
    ['`username`', { username: 7, password: `${CANARY}-ada` }],
    ['`clientCredentials`', { ...CLIENT, ...ada, clientCredentials: true }],
    ['`scope`', { scope: '' }],
    ['`scope`', { scope: ['read'] }],
    ['`parameters.audience`', { parameters: { audience: 5 } }],
    ['`parameters.client_secret`', { parameters: { client_secret: CANARY } }],
    ['`clientID`', { clientID: 'reports' }],
    ['`client_secret`', { client_secret: CANARY }],
    ['`store`', { store: {} }],
    ['`renewAheadMs`', { renewAheadMs: -1 }],
  ])('%s that is missing or wrong is named at once, without a secret (%#)', (option, wrong) => {
    const error = thrown(make(wrong))
    expect(error.code).toBe('ERR_INVALID_OPTION')
    expect(error.message).toContain(option)
    expect(printed(error)).not.toContain(CANARY)
  })
})

it('an unknown option is an error that lists the known ones, which are all accepted', () => {
  const every: Required<
    Omit<OAuthOptions, 'tokenEndpoint' | 'username' | 'password' | 'dpop' | 'audiences'>
  > = {
    ...CLIENT,
    origin: API,
    issuer: ISSUER,
    revocationEndpoint: `${ISSUER}/revoke`,
    authorizationEndpoint: `${ISSUER}/auth`,
    deviceAuthorizationEndpoint: `${ISSUER}/device`,
    endSessionEndpoint: `${ISSUER}/leave`,
    clientAuthentication: 'post',
    clientCredentials: true,
    grants: [{ name: 'other', grantType: 'urn:other' }],
    scope: 'read',
    refreshScope: 'read',
    resource: 'https://api.test',
    scheme: bearer(),
    parameters: {},
    name: 'x',
    store: memoryStore(),
    isTokenRejected: () => false,
    onChallenge: () => undefined,
    skipAuth: () => false,
    whenSignedOut: 'send',
    whenRefused: 'end',
    renewAheadMs: 1,
    renewTimeoutMs: 1,
    fetch,
    clock: Date,
    allowInsecure: true,
  }
  expect(() => oauth(every)).not.toThrow()
  expect(make({ dpop: true })).not.toThrow()
  expect(thrown(make({ clientsecret: CANARY })).message).toMatch(
    /^Unknown option `clientsecret`. Known options: origin, issuer, .*clientSecret, .*allowInsecure.$/,
  )
})

describe("the session's name", () => {
  async function nameWith(more: Partial<OAuthOptions>) {
    const server = startServer()
    const store = memoryStore()
    await server.open({ store, ...more }).setTokens({ accessToken: 'x' })
    return store.names?.()
  }

  it('differs by server, client, user, scope and origin, and holds no secret', async () => {
    expect(await nameWith({ ...CLIENT, ...ada, scope: 'read write' })).toEqual([
      'https://login.test/#client_id=reports&username=ada&scope=read+write&origin=https%3A%2F%2Fapi.test',
    ])
  })

  it('is the given one, verbatim', async () => {
    expect(await nameWith({ name: 'a/b #1' })).toEqual(['a/b #1'])
  })
})

it('the token goes to each of several origins, and to no other', async () => {
  const { open, clock } = startServer()
  const manager = open({ origin: [API, 'https://second.test'] })
  await manager.setTokens({ accessToken: 'x', expiresAt: clock.now() + 1_000_000 })
  const sent = async (url: string) => (await manager.authorize({ url, method: 'GET' })).headers
  expect(await sent(`${API}/a`)).toEqual({ authorization: 'Bearer x' })
  expect(await sent('https://second.test/a')).toEqual({ authorization: 'Bearer x' })
  expect(await sent(`${ISSUER}/token`)).toEqual({})
})
