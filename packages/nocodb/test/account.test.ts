import { serverVersions } from '@latchkey/testing'
import { describe, expect, it } from 'vitest'
import { hasRole } from '../src/rejected-token.ts'
import {
  ada,
  codeOf,
  failure,
  root,
  signedIn,
  skippingWaits,
  startServer,
  withoutPassword,
} from './support/server.ts'

describe.each(serverVersions)('me() on %s', (version) => {
  it('returns the signed-in user, with a session and with an API token', async () => {
    const server = startServer({ version })
    expect(await server.open(ada).me()).toMatchObject({ email: ada.email })
    const { token } = server.control.createApiToken(root.email)
    expect(await server.open({ apiToken: token }).me()).toMatchObject({ email: root.email })
  })

  it('renews a dead token that NocoDB answers as guest, and returns the user', async () => {
    const server = startServer({ version })
    const noco = await signedIn(server)
    server.control.revokeAccessTokens(ada.email)
    expect(await noco.me()).toMatchObject({ email: ada.email })
    expect(await noco.isSignedIn()).toBe(true)
    expect(server.control.counts()).toMatchObject({ renewals: 1, signIns: 0 })
  })

  it('throws when a dead token cannot be renewed, and isSignedIn() is false', async () => {
    const server = startServer({ version })
    const noco = await withoutPassword(server)
    server.control.revokeSessions(ada.email)
    expect(await codeOf(noco.me())).toBe('ERR_REFRESH_TOKEN_REJECTED')
    expect(await noco.isSignedIn()).toBe(false)
  })

  it('throws for a revoked API token, and isSignedIn() is false', async () => {
    const server = startServer({ version })
    const { id, token } = server.control.createApiToken(ada.email)
    const noco = server.open({ apiToken: token })
    expect(await noco.isSignedIn()).toBe(true)
    server.control.revokeApiToken(id)
    expect(await codeOf(noco.me())).toBe('ERR_API_TOKEN_REJECTED')
    expect(await noco.isSignedIn()).toBe(false)
  })
})

describe('isSignedIn()', () => {
  it('is false without credentials, with a wrong password, and after signOut()', async () => {
    const server = startServer()
    expect(await server.open().isSignedIn()).toBe(false)
    expect(await server.open({ ...ada, password: 'wrong' }).isSignedIn()).toBe(false)
    const noco = await signedIn(server)
    await noco.signOut()
    expect(await noco.isSignedIn()).toBe(false)
  })

  it('is false when the session ended elsewhere', async () => {
    const server = startServer()
    const noco = await withoutPassword(server)
    server.control.removeUser(ada.email)
    expect(await noco.isSignedIn()).toBe(false)
  })

  it.each([
    ['a broken connection', 'network' as const, 'ERR_SERVER_UNAVAILABLE'],
    ['503', { status: 503 }, 'ERR_SERVER_UNAVAILABLE'],
    ["a proxy's page", { status: 200, body: '<html>Welcome</html>' }, 'ERR_UNEXPECTED_ANSWER'],
    ['half an answer', { status: 200, body: '{"id":"us1","ro' }, 'ERR_UNEXPECTED_ANSWER'],
    ['403', { status: 403, body: { msg: 'blocked' } }, 'ERR_UNEXPECTED_ANSWER'],
  ])('says no "no" for %s: it throws, and the session stays', async (_, fault, code) => {
    const server = startServer()
    const noco = await signedIn(server)
    server.control.failNext('me', 1, fault)
    expect(await codeOf(noco.isSignedIn())).toBe(code)
    expect(await noco.isSignedIn()).toBe(true)
    expect(server.control.counts()).toMatchObject({ renewals: 0, signIns: 0 })
  })

  it('is false for a guest, also where the response does not show its URL', async () => {
    const server = startServer()
    const noco = await withoutPassword(server, {
      fetch: async (input, init) => {
        const { body, status, headers } = await server.double.fetch(input, init)
        return new Response(body, { status, headers })
      },
    })
    server.control.revokeSessions(ada.email)
    expect(await noco.isSignedIn()).toBe(false)
  })

  it('is true after a renewal, also where the response does not show its URL', async () => {
    const server = startServer()
    const noco = await signedIn(server, {
      fetch: async (input, init) => {
        const { body, status, headers } = await server.double.fetch(input, init)
        return new Response(body, { status, headers })
      },
    })
    server.control.revokeAccessTokens(ada.email)
    expect(await noco.isSignedIn()).toBe(true)
    expect(server.control.counts()).toMatchObject({ renewals: 1, signIns: 0 })
  })

  it('throws while a renewal is unavailable', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    server.expire()
    server.control.failNext('renewal', 3, 'network')
    await skippingWaits(async () => {
      expect(await codeOf(noco.isSignedIn())).toBe('ERR_RENEWAL_UNAVAILABLE')
    })
  })
})

describe('super admins', () => {
  it('are recognised after a sign-in and after a renewal, other users are not', async () => {
    const server = startServer()
    const boss = server.open(root)
    const user = server.open(ada)
    expect([await boss.isSuperAdmin(), await user.isSuperAdmin()]).toEqual([true, false])
    await Promise.all([boss.refresh(), user.refresh()])
    expect([await boss.isSuperAdmin(), await user.isSuperAdmin()]).toEqual([true, false])
  })

  it('are recognised with an API token too', async () => {
    const server = startServer()
    const { token } = server.control.createApiToken(root.email)
    expect(await server.open({ apiToken: token }).isSuperAdmin()).toBe(true)
  })

  it('pass the assertion; another user gets ERR_NOT_SUPER_ADMIN', async () => {
    const server = startServer()
    await expect(server.open(root).assertSuperAdmin()).resolves.toBeUndefined()
    const error = await failure(server.open(ada).assertSuperAdmin())
    expect(error).toMatchObject({
      code: 'ERR_NOT_SUPER_ADMIN',
      message: expect.stringContaining(ada.email),
    })
  })

  it('cannot be recognised without being signed in', async () => {
    expect(await codeOf(startServer().open().isSuperAdmin())).toBe('ERR_SIGN_IN_REQUIRED')
  })

  it.each([
    [{ 'org-level-creator': true, super: true }, true],
    ['org-level-creator,super', true],
    [{ super: false }, false],
    [{ 'org-level-viewer': true }, false],
    ['org-level-viewer', false],
    ['superb', false],
    ['', false],
    [null, false],
    [undefined, false],
    [['super'], false],
    [Object.create({ super: true }), false],
  ])('roles %j: %s', (roles, expected) => {
    expect(hasRole(roles, 'super')).toBe(expected)
  })

  it.each(['org-level-creator,super', { super: true }])('me answers roles %j', async (roles) => {
    const server = startServer()
    const noco = await signedIn(server)
    server.control.failNext('me', 1, { status: 200, body: { id: 'us1', email: 'e', roles } })
    expect(await noco.isSuperAdmin()).toBe(true)
  })
})
