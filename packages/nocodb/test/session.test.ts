import { memoryStore } from '@latchkey/core'
import { serverVersions } from '@latchkey/testing'
import { describe, expect, it } from 'vitest'
import {
  ada,
  BASE_URL,
  CANARY,
  codeOf,
  countOf,
  failure,
  root,
  signedIn,
  skippingWaits,
  startServer,
  withoutPassword,
} from './support/server.ts'

const eve = { email: 'eve@example.com', password: `${CANARY}-eve` }

describe('signIn()', () => {
  it('signs in with the configured credentials', async () => {
    const server = startServer()
    await server.open(ada).signIn()
    expect(server.control.counts()).toMatchObject({ requests: 1, signIns: 1 })
  })

  it('fails when the server never answers, and says that it was not reached', async () => {
    const server = startServer()
    server.control.hold('signIn')
    const noco = server.open({ ...ada, renewTimeoutMs: 20 })
    expect(await codeOf(noco.signIn())).toBe('ERR_SERVER_UNAVAILABLE')
  })

  it('as another user keeps that user over renewals', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    await noco.signIn(root)
    expect((await noco.me()).email).toBe(root.email)
    server.expire()
    expect((await noco.me()).email).toBe(root.email)
    expect(server.control.counts()).toMatchObject({ signIns: 1, renewals: 1 })
  })

  it('as another user ends the use of the configured credentials', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    await noco.signIn(root)
    server.control.revokeSessions(root.email)
    expect(await codeOf(noco.me())).toBe('ERR_REFRESH_TOKEN_REJECTED')
    expect(server.control.counts()).toMatchObject({ signIns: 1 })
  })

  it('as the configured user, spelt in another case, keeps them', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    await noco.signIn({ ...ada, email: 'Ada@Example.com' })
    server.control.revokeSessions(ada.email)
    expect((await noco.me()).email).toBe(ada.email)
  })

  it('with a wrong password keeps the session', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    expect(await codeOf(noco.signIn({ ...root, password: 'wrong' }))).toBe('ERR_WRONG_CREDENTIALS')
    expect((await noco.me()).email).toBe(ada.email)
  })

  it('without any credentials fails, and says so', async () => {
    expect(await codeOf(startServer().open().signIn())).toBe('ERR_SIGN_IN_REQUIRED')
  })

  it.each([
    ['a broken connection', 'network' as const, 'ERR_SERVER_UNAVAILABLE'],
    ['500', { status: 500 }, 'ERR_SERVER_UNAVAILABLE'],
    ['a redirect', { status: 302, headers: { location: '/x' } }, 'ERR_REDIRECT_REFUSED'],
    ["a proxy's page", { status: 200, body: '<html>' }, 'ERR_UNEXPECTED_ANSWER'],
  ])('that meets %s says so, and keeps the session', async (_, fault, code) => {
    const server = startServer()
    const noco = await signedIn(server)
    server.control.failNext('signIn', 1, fault)
    expect(await codeOf(noco.signIn(root))).toBe(code)
    expect((await noco.me()).email).toBe(ada.email)
  })
})

describe('signUp()', () => {
  it.each(serverVersions)('creates a user and signs in as that user, on %s', async (version) => {
    const server = startServer({ version })
    const noco = server.open()
    await noco.signUp(eve)
    expect(await noco.me()).toMatchObject({ email: eve.email })
    server.expire()
    expect(await noco.me()).toMatchObject({ email: eve.email })
    expect(server.control.counts()).toMatchObject({ signUps: 1, signIns: 0, renewals: 1 })
  })

  it("makes a server's first user its super admin", async () => {
    const server = startServer()
    for (const { email } of [ada, root]) server.control.removeUser(email)
    const noco = server.open()
    await noco.signUp(eve)
    expect(await noco.isSuperAdmin()).toBe(true)
  })

  it.each([
    ['exists', ada, 'User already exist'],
    ['has a short password', { ...eve, password: 'short' }, 'Invalid request body'],
  ])(
    "of a user that %s is refused in the server's words, and the session stays",
    async (_, user, words) => {
      const server = startServer()
      const noco = await signedIn(server)
      const error = await failure(noco.signUp(user))
      expect(error).toMatchObject({ code: 'ERR_SIGN_UP_REFUSED' })
      expect(error.message).toContain(words)
      expect((await noco.me()).email).toBe(ada.email)
    },
  )
})

describe.each(serverVersions)('signOut() on %s', (version) => {
  it('forgets the session at once, then signs out at the server with the live token', async () => {
    const server = startServer({ version })
    const store = memoryStore()
    const noco = await signedIn(server, { store })
    const held = server.control.hold('signOut')
    const signedOut = noco.signOut()
    await held.whenWaiting()
    expect(await codeOf(server.read(noco))).toBe('ERR_SIGN_IN_REQUIRED')
    expect(store.getToken(BASE_URL)).toBeUndefined()
    held.release()
    expect(await signedOut).toBeUndefined()
    expect(server.control.counts()).toMatchObject({ requests: 1, signOuts: 1 })
    expect(server.credentialsOf('signOut')).toEqual(['xc-auth'])
  })

  it('ends all sessions of the user, and leaves API tokens alive', async () => {
    const server = startServer({ version })
    const elsewhere = await withoutPassword(server)
    const here = server.open(ada)
    const { token } = await here.apiTokens.create()
    await here.signOut()
    expect(await elsewhere.isSignedIn()).toBe(false)
    expect(await server.open({ apiToken: token }).isSignedIn()).toBe(true)
  })

  it('renews an expired token first, because the server ignores a dead one', async () => {
    const server = startServer({ version })
    const elsewhere = await withoutPassword(server)
    const { refreshToken } = await elsewhere.getTokens()
    expect(refreshToken).toBeDefined()
    server.expire()
    await elsewhere.signOut()
    expect(server.control.counts()).toMatchObject({ renewals: 1, signOuts: 1, signIns: 0 })
  })
})

describe('signOut()', () => {
  it('with an API token does not ask the server, which would end all of its user’s sessions', async () => {
    const server = startServer()
    const session = await signedIn(server)
    const { token } = server.control.createApiToken(ada.email)
    const noco = server.open({ apiToken: token })
    await server.read(noco)
    server.control.resetCounts()
    await noco.signOut()
    expect(server.control.counts().requests).toBe(0)
    expect(await codeOf(server.read(noco))).toBe('ERR_SIGN_IN_REQUIRED')
    expect((await server.read(session)).status).toBe(200)
    expect(server.control.counts()).toMatchObject({ unauthorized: 0 })
  })

  it.each([
    ['a broken connection', 'network' as const],
    ['503', { status: 503 }],
    ['a redirect', { status: 302, headers: { location: 'https://evil.test/' } }],
  ])('that meets %s is incomplete, but signed out here', async (_, fault) => {
    const server = startServer()
    const store = memoryStore()
    const noco = await signedIn(server, { store })
    server.control.failNext('signOut', 1, fault)
    expect(await codeOf(noco.signOut())).toBe('ERR_SIGN_OUT_INCOMPLETE')
    expect(store.getToken(BASE_URL)).toBeUndefined()
    expect(await codeOf(server.read(noco))).toBe('ERR_SIGN_IN_REQUIRED')
  })

  it('of a session that is over already is complete', async () => {
    const server = startServer()
    const noco = await withoutPassword(server)
    server.control.revokeSessions(ada.email)
    server.expire()
    await noco.signOut()
    expect(server.control.counts()).toMatchObject({ rejectedRenewals: 1, signOuts: 0 })
  })

  it('without a session sends nothing, and announces nothing', async () => {
    const server = startServer()
    const noco = server.open(ada)
    const signedOut = countOf(noco, 'signedOut')
    await noco.signOut()
    expect([server.control.counts().requests, signedOut()]).toEqual([0, 0])
  })

  it('ends a session of an earlier process, known from the store only, at the server', async () => {
    const server = startServer()
    const store = memoryStore()
    await signedIn(server, { store })
    await server.open({ ...ada, store }).signOut()
    expect(server.control.counts()).toMatchObject({ requests: 1, signOuts: 1 })
  })

  it('is not followed by an automatic sign-in, until signIn()', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    await noco.signOut()
    expect(await codeOf(server.read(noco))).toBe('ERR_SIGN_IN_REQUIRED')
    expect(server.control.counts().signIns).toBe(0)
    await noco.signIn()
    expect((await server.read(noco)).status).toBe(200)
  })
})

describe.each(serverVersions)('changePassword() on %s', (version) => {
  const newPassword = `${CANARY}-new`
  const change = { currentPassword: ada.password, newPassword }

  it('keeps this session and ends the others', async () => {
    const server = startServer({ version })
    const noco = await withoutPassword(server)
    const elsewhere = await withoutPassword(server, { store: memoryStore() })
    const here = version === '2026' ? elsewhere : noco
    const other = here === noco ? elsewhere : noco
    server.control.resetCounts()
    await here.changePassword(change)
    expect((await here.me()).email).toBe(ada.email)
    server.expire()
    expect((await here.me()).email).toBe(ada.email)
    expect(server.control.counts()).toMatchObject({ signIns: 0, rejectedRenewals: 0 })
    expect(await other.isSignedIn()).toBe(false)
  })

  it('makes later sign-ins use the new password', async () => {
    const server = startServer({ version })
    const noco = await signedIn(server)
    await noco.changePassword(change)
    server.control.revokeSessions(ada.email)
    expect((await noco.me()).email).toBe(ada.email)
    expect(server.control.counts()).toMatchObject({ signIns: 1, rejectedSignIns: 0 })
  })

  it('with a wrong current password is refused, and the session stays', async () => {
    const server = startServer({ version })
    const noco = await signedIn(server)
    const wrong = { currentPassword: 'not this one', newPassword }
    expect(await codeOf(noco.changePassword(wrong))).toBe('ERR_PASSWORD_NOT_CHANGED')
    expect((await server.read(noco)).status).toBe(200)
    expect(server.control.counts()).toMatchObject({ signIns: 0, renewals: 0, unauthorized: 0 })
  })
})

describe('changePassword()', () => {
  const newPassword = `${CANARY}-new`
  const change = { currentPassword: ada.password, newPassword }

  it('keeps the new session, even if the first refresh after it fails', async () => {
    const server = startServer()
    const store = memoryStore()
    const noco = await withoutPassword(server, { store })
    server.control.failNext('renewal', 1, 'network')
    await skippingWaits(() => noco.changePassword(change))
    server.clock.pass(2_000)
    expect((await noco.me()).email).toBe(ada.email)
    expect((await server.open({ store }).me()).email).toBe(ada.email)
  })

  it('works with an access token that has died meanwhile', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    server.control.revokeAccessTokens(ada.email)
    await noco.changePassword(change)
    expect((await noco.me()).email).toBe(ada.email)
  })

  it('that does not reach the server changes nothing', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    server.control.failNext('passwordChange', 1, 'network')
    expect(await codeOf(noco.changePassword(change))).toBe('ERR_SERVER_UNAVAILABLE')
    server.control.revokeSessions(ada.email)
    expect((await noco.me()).email).toBe(ada.email)
  })

  it.each(['short', ''])("to '%s' is refused in the server's words", async (tooShort) => {
    const server = startServer()
    const noco = await signedIn(server)
    const error = await failure(noco.changePassword({ ...change, newPassword: tooShort }))
    expect(error).toMatchObject({ code: 'ERR_PASSWORD_NOT_CHANGED' })
    expect(error.message).toContain('Invalid request body')
  })
})
