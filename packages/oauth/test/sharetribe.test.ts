import { memoryStore } from '@latchkey/core'
import { describe, expect, it } from 'vitest'
import { codeOf, failure, skippingWaits } from '../../nocodb/test/support/server.ts'
import {
  sharetribeIntegration,
  sharetribeMarketplace,
  type SharetribeMarketplaceOptions,
} from '../src/sharetribe.ts'
import {
  ada,
  broken,
  CLIENT_ID,
  CLIENT_SECRET,
  failing,
  INTEGRATION,
  startSharetribe,
  unauthorized,
} from './support/sharetribe-double.ts'

const TOKEN = '/v1/auth/token'
const REVOKE = '/v1/auth/revoke'

function marketplace(more: Partial<SharetribeMarketplaceOptions> = {}) {
  const server = startSharetribe()
  const { clock, fetch } = server
  return { server, manager: sharetribeMarketplace({ clientId: CLIENT_ID, clock, fetch, ...more }) }
}

/** An answer whose body does what the test says. */
function answering(start: (body: ReadableStreamDefaultController) => void): Response {
  return new Response(new ReadableStream({ start }))
}

async function signedIn(more: Partial<SharetribeMarketplaceOptions> = {}) {
  const { server, manager } = marketplace(more)
  await manager.signIn(ada)
  server.log.length = 0
  return { server, manager }
}

function integration() {
  const server = startSharetribe()
  const { clock, fetch } = server
  const options = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, clock, fetch }
  return { server, manager: sharetribeIntegration(options) }
}

describe('the marketplace', () => {
  it('is read anonymously before a user signs in', async () => {
    const { server, manager } = marketplace()
    expect(await server.scopeOf(manager)).toBe('public-read')
    expect(await manager.isSignedIn()).toBe(false)
    expect(server.sent(TOKEN).map(({ form }) => form)).toEqual([
      { client_id: CLIENT_ID, grant_type: 'client_credentials', scope: 'public-read' },
    ])
  })

  it.each([
    ['breaks off', () => answering((body) => body.error(new TypeError('terminated')))],
    ['stalls', () => answering(() => undefined)],
  ])('says so when the answer to a sign-in %s', async (_, fault) => {
    const { server, manager } = marketplace({ renewTimeoutMs: 20.5 })
    server.failNext(TOKEN, fault)
    expect(await codeOf(manager.signIn(ada))).toBe('ERR_SERVER_UNAVAILABLE')
  })

  it('is used as the user who signed in', async () => {
    const { server, manager } = marketplace()
    await server.scopeOf(manager)
    await manager.signIn(ada)
    expect(await server.scopeOf(manager)).toBe('user')
    expect(await manager.isSignedIn()).toBe(true)
    expect(server.sent(TOKEN).at(-1)?.form).toEqual({
      client_id: CLIENT_ID,
      grant_type: 'password',
      scope: 'user',
      ...ada,
    })
  })

  it('refreshes with the client id and the refresh token, and nothing else', async () => {
    const { server, manager } = await signedIn()
    server.expireAccess()
    expect(await server.scopeOf(manager)).toBe('user')
    expect(Object.keys(server.sent(TOKEN)[0]?.form ?? {}).toSorted()).toEqual([
      'client_id',
      'grant_type',
      'refresh_token',
    ])
  })

  it('five 401s at once make one refresh', async () => {
    const { server, manager } = await signedIn()
    server.expireAccess()
    const all = await Promise.all([1, 2, 3, 4, 5].map(() => server.scopeOf(manager)))
    expect(all).toEqual(['user', 'user', 'user', 'user', 'user'])
    expect(server.grants()).toEqual(['refresh_token'])
  })

  it('five cold starts at once ask for one anonymous token', async () => {
    const { server, manager } = marketplace()
    await Promise.all([1, 2, 3, 4, 5].map(() => server.scopeOf(manager)))
    expect(server.grants()).toEqual(['client_credentials'])
  })

  it('renews ahead of expiry, as expires_in says', async () => {
    const { server, manager } = await signedIn()
    server.clock.pass(599_000)
    await server.scopeOf(manager)
    await expect.poll(() => server.grants()).toEqual(['refresh_token'])
  })

  it.each([
    ['a network error', [broken]],
    ['a 500', [failing, failing, failing]],
  ])('%s never turns a user into an anonymous one', async (_, faults) => {
    const { server, manager } = await signedIn()
    server.expireAccess()
    server.failNext(TOKEN, ...faults)
    expect(await skippingWaits(() => server.scopeOf(manager))).toBe(401)
    expect(new Set(server.grants())).toEqual(new Set(['refresh_token']))
    await manager.refresh()
    expect(await server.scopeOf(manager)).toBe('user')
  })

  it('continues anonymously when the server has ended the session', async () => {
    const { server, manager } = await signedIn()
    server.expireAccess()
    server.refresh.clear()
    expect(await server.scopeOf(manager)).toBe('public-read')
    expect(await manager.isSignedIn()).toBe(false)
    expect(server.grants()).toEqual(['refresh_token', 'client_credentials'])
  })

  it('survives a first call that fails', async () => {
    const { server, manager } = marketplace()
    server.failNext(TOKEN, failing, failing, failing)
    const first = await skippingWaits(() => failure(server.scopeOf(manager)))
    expect(first.code).toBe('ERR_RENEWAL_UNAVAILABLE')
    server.clock.pass(2_000)
    expect(await server.scopeOf(manager)).toBe('public-read')
  })

  it('isSignedIn() throws when the server cannot be asked', async () => {
    const { server, manager } = marketplace()
    server.failNext(TOKEN, failing, failing, failing)
    const code = await skippingWaits(() => codeOf(manager.isSignedIn()))
    expect(code).toBe('ERR_RENEWAL_UNAVAILABLE')
  })

  it('a sign-in fails if the server never answers, and says that it was not reached', async () => {
    const { server, manager } = marketplace({ renewTimeoutMs: 20 })
    server.failNext(TOKEN, () => new Promise<Response>(() => undefined))
    expect(await codeOf(manager.signIn(ada))).toBe('ERR_SERVER_UNAVAILABLE')
  })

  it('a wrong password keeps the current user', async () => {
    const { server, manager } = await signedIn()
    const wrong = manager.signIn({ ...ada, password: 'CANARY-7f3a-wrong' })
    expect(await codeOf(wrong)).toBe('ERR_WRONG_CREDENTIALS')
    expect(await server.scopeOf(manager)).toBe('user')
  })
})

describe('the marketplace with a username and password', () => {
  it('is used as that user, also after the session has ended', async () => {
    const { server, manager } = marketplace(ada)
    expect(await server.scopeOf(manager)).toBe('user')
    server.expireAccess()
    server.refresh.clear()
    expect(await server.scopeOf(manager)).toBe('user')
    expect(server.grants()).toEqual(['password', 'refresh_token', 'password'])
  })

  it('is never anonymous when the password is wrong', async () => {
    const { server, manager } = marketplace({ ...ada, password: 'CANARY-7f3a-wrong' })
    expect(await codeOf(server.scopeOf(manager))).toBe('ERR_WRONG_CREDENTIALS')
    expect(await manager.isSignedIn()).toBe(false)
    expect(server.grants()).toEqual(['password'])
  })

  it('never takes the session of another user from a store that both share', async () => {
    const store = memoryStore()
    const { manager } = marketplace({ ...ada, store })
    await manager.getTokens()
    const { manager: eves } = marketplace({ username: 'eve', password: 'CANARY-7f3a-eve', store })
    expect(await codeOf(eves.getTokens())).toBe('ERR_WRONG_CREDENTIALS')
  })

  it('does not return to that user after another user has signed in', async () => {
    const { server, manager } = marketplace({ username: 'eve', password: 'CANARY-7f3a-eve' })
    await manager.signIn(ada)
    server.expireAccess()
    server.refresh.clear()
    expect(await server.scopeOf(manager)).toBe(401)
    expect(server.sent(TOKEN).some(({ form }) => form['username'] === 'eve')).toBe(false)
    const { message } = await failure(manager.getTokens())
    expect(message).toContain('password (those given belong to another user than the session)')
  })
})

describe('signOut()', () => {
  it('revokes the refresh token, as the session itself', async () => {
    const { server, manager } = await signedIn()
    const { accessToken, refreshToken } = await manager.getTokens()
    await manager.signOut()
    expect(server.log).toEqual([
      { path: REVOKE, form: { token: refreshToken }, authorization: `Bearer ${accessToken}` },
    ])
    expect(server.refresh.size).toBe(0)
    expect(await codeOf(server.scopeOf(manager))).toBe('ERR_SIGN_IN_REQUIRED')
    expect(await manager.isSignedIn()).toBe(false)
  })

  it('with an expired access token refreshes first, and revokes the new tokens', async () => {
    const { server, manager } = await signedIn()
    server.expireAccess()
    await manager.signOut()
    expect(server.log.map(({ path }) => path)).toEqual([REVOKE, TOKEN, REVOKE])
    expect(server.refresh.size).toBe(0)
  })

  it('of a session that the server has already ended is complete', async () => {
    const { server, manager } = await signedIn()
    server.expireAccess()
    server.refresh.clear()
    expect(await manager.signOut()).toBe(undefined)
    expect(server.log.map(({ path }) => path)).toEqual([REVOKE, TOKEN])
  })

  it('that is refused twice is complete', async () => {
    const { server, manager } = await signedIn()
    server.failNext(REVOKE, unauthorized, unauthorized)
    expect(await manager.signOut()).toBe(undefined)
    expect(server.log.map(({ path }) => path)).toEqual([REVOKE, TOKEN, REVOKE])
  })

  it.each([
    ['a network error', broken],
    ['a 500', failing],
  ])('that meets %s is complete here, and says that it is not there', async (_, fault) => {
    const { server, manager } = await signedIn()
    server.failNext(REVOKE, fault)
    expect(await codeOf(manager.signOut())).toBe('ERR_SIGN_OUT_INCOMPLETE')
    expect(await codeOf(server.scopeOf(manager))).toBe('ERR_SIGN_IN_REQUIRED')
  })

  it('that cannot refresh first is an error: it is not complete', async () => {
    const { server, manager } = await signedIn()
    server.expireAccess()
    server.failNext(TOKEN, broken)
    expect(await codeOf(manager.signOut())).toBe('ERR_SIGN_OUT_INCOMPLETE')
  })

  it('of an anonymous token asks the server nothing', async () => {
    const { server, manager } = marketplace()
    await server.scopeOf(manager)
    await manager.signOut()
    expect(server.sent(REVOKE)).toEqual([])
  })

  it('is followed by anonymous requests once refresh() was called', async () => {
    const { server, manager } = await signedIn()
    await manager.signOut()
    await manager.refresh()
    expect(await server.scopeOf(manager)).toBe('public-read')
  })
})

describe('the integration', () => {
  it('signs in with its secret, and refreshes without it', async () => {
    const { server, manager } = integration()
    expect(await server.scopeOf(manager, INTEGRATION)).toBe('integ')
    server.expireAccess()
    expect(await server.scopeOf(manager, INTEGRATION)).toBe('integ')
    const [first, second] = server.sent(TOKEN).map(({ form }) => form)
    expect(first).toEqual({
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      grant_type: 'client_credentials',
      scope: 'integ',
    })
    expect(second).not.toHaveProperty('client_secret')
    expect(second?.['grant_type']).toBe('refresh_token')
  })

  it('five cold starts at once ask for one token', async () => {
    const { server, manager } = integration()
    await Promise.all([1, 2, 3, 4, 5].map(() => server.scopeOf(manager, INTEGRATION)))
    expect(server.grants()).toEqual(['client_credentials'])
  })

  it('signs in again when the refresh token is refused', async () => {
    const { server, manager } = integration()
    await server.scopeOf(manager, INTEGRATION)
    server.expireAccess()
    server.refresh.clear()
    expect(await server.scopeOf(manager, INTEGRATION)).toBe('integ')
    expect(server.grants()).toEqual(['client_credentials', 'refresh_token', 'client_credentials'])
  })

  it('sends its token to its own API only', async () => {
    const { server, manager } = integration()
    expect(await server.scopeOf(manager)).toBe(401)
    expect(server.grants()).toEqual([])
  })
})

describe('options', () => {
  const { fetch } = startSharetribe()
  const store = { getToken: () => null, setToken: () => undefined, removeToken: () => undefined }
  it.each([
    ['clientId', { clientId: '' }],
    ['password', { username: 'ada' }],
    ['password', { username: 'ada', password: '' }],
    ['tokenStore', { tokenStore: {} as never }],
    ['tokenStore', { tokenStore: store, store }],
    ['baseUrl', { baseUrl: 'http://sharetribe.test' }],
    ['clientSecret', { clientSecret: 'CANARY-7f3a' }],
  ])('(%s) are checked at once', async (option, wrong) => {
    const make = async () => sharetribeMarketplace({ clientId: CLIENT_ID, fetch, ...wrong })
    const error = await failure(make())
    expect(error.code).toBe('ERR_INVALID_OPTION')
    expect(error.message).toContain(`\`${option}\``)
  })

  it('(clientSecret) are checked at once', async () => {
    const make = async () => sharetribeIntegration({ clientId: CLIENT_ID, clientSecret: '' })
    expect(await codeOf(make())).toBe('ERR_INVALID_OPTION')
    const options = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, url: INTEGRATION }
    const misspelt = async () => sharetribeIntegration(options)
    expect((await failure(misspelt())).message).toMatch(/^Unknown option `url`. .*baseUrl, /)
  })
})
