import { memoryStore } from '@latchkey/core'
import { serverVersions } from '@latchkey/testing'
import { describe, expect, it, vi } from 'vitest'
import {
  ada,
  BASE_URL,
  CANARY,
  codeOf,
  countOf,
  root,
  signedIn,
  startServer,
} from './support/server.ts'

describe.each(serverVersions)('the chain on %s', (version) => {
  it('puts the API token before everything else, as xc-token', async () => {
    const server = startServer({ version })
    const store = memoryStore()
    await signedIn(server, { store })
    const { token } = server.control.createApiToken(root.email)
    vi.spyOn(console, 'warn').mockImplementationOnce(() => undefined)
    const noco = server.open({ ...ada, store, apiToken: token })
    expect((await noco.me()).email).toBe(root.email)
    expect((await server.read(noco)).status).toBe(200)
    expect(server.credentialsOf('data')).toEqual(['xc-token'])
    expect(server.control.counts()).toMatchObject({ requests: 2, unauthorized: 0 })
    expect((await server.open({ store }).me()).email).toBe(ada.email)
  })

  it("uses the session's access token while it lasts, as xc-auth", async () => {
    const server = startServer({ version })
    const store = memoryStore()
    await signedIn(server, { store })
    expect((await server.read(server.open({ ...ada, store }))).status).toBe(200)
    expect(server.control.counts()).toMatchObject({ requests: 1, dataRequests: 1 })
    expect(server.credentialsOf('data')).toEqual(['xc-auth'])
  })

  it.each([
    ['email and password', ada],
    ['the email only', { email: ada.email }],
    ['nothing', {}],
  ])("goes on from an earlier process's refresh token, knowing %s", async (_, known) => {
    const server = startServer({ version })
    const store = memoryStore()
    await signedIn(server, { store })
    server.expire()
    const second = server.open({ ...known, store })
    expect((await server.read(second)).status).toBe(200)
    expect((await second.me()).email).toBe(ada.email)
    expect(server.control.counts()).toMatchObject({ renewals: 1, signIns: 0, unauthorized: 0 })
    expect(server.credentialsOf('renewal')).toEqual(['cookie'])
  })

  it('signs in by password as the last resort, once for 50 requests', async () => {
    const server = startServer({ version })
    const noco = server.open(ada)
    expect(await server.readMany(noco, 50)).toEqual([200])
    expect(server.control.counts()).toMatchObject({ signIns: 1, renewals: 0, dataRequests: 50 })
  })

  it('sends exactly one credential with each request, sign-ins and renewals included', async () => {
    const server = startServer({ version })
    const noco = server.open(ada)
    await noco.me()
    server.expire()
    await server.read(noco)
    const { id } = await noco.apiTokens.create()
    await noco.apiTokens.list()
    await noco.apiTokens.delete(id)
    await noco.changePassword({ currentPassword: ada.password, newPassword: `${CANARY}-other` })
    await noco.signOut()
    const seen = new Set(server.control.log().map(({ credentials }) => credentials.join(' + ')))
    expect(seen).toEqual(new Set(['', 'xc-auth', 'cookie']))
    const bare = server.control.log().filter(({ credentials }) => credentials.length === 0)
    expect(bare.map(({ kind }) => kind)).toEqual(['signIn'])
  })

  it('finds the refresh token by name among the cookies', async () => {
    const server = startServer({ version })
    const store = memoryStore()
    await signedIn(server, { store })
    expect(store.getToken(BASE_URL)).toMatchObject({
      refreshToken: expect.stringMatching(/^[0-9a-f]{80}$/),
      refreshExpiresAt: server.clock.now() + 30 * 86_400_000,
    })
  })
})

describe('the access token', () => {
  it('is renewed with the refresh token, once for 50 requests that meet its expiry', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    const renewed = countOf(noco, 'renewed')
    server.expire()
    expect(await server.readMany(noco, 50)).toEqual([200])
    expect(server.control.counts()).toMatchObject({ renewals: 1, signIns: 0, unauthorized: 0 })
    expect(renewed()).toBe(1)
  })

  it('revoked at the server is renewed once for 50 requests, each of which is sent again', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    server.control.revokeAccessTokens(ada.email)
    const held = server.control.hold('data')
    const reads = server.readMany(noco, 50)
    await held.whenWaiting(50)
    held.release()
    expect(await reads).toEqual([200])
    expect(server.control.counts()).toMatchObject({
      renewals: 1,
      signIns: 0,
      unauthorized: 50,
      dataRequests: 100,
    })
  })

  it('is renewed ahead of time while requests still use it', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    server.clock.pass(3_600_000 - 30_000)
    const held = server.control.hold('renewal')
    expect((await server.read(noco)).status).toBe(200)
    await held.whenWaiting()
    held.release()
    expect((await server.read(noco)).status).toBe(200)
    expect(server.control.counts()).toMatchObject({ signIns: 0, unauthorized: 0 })
  })

  it('is not obtained before a request needs it', () => {
    const server = startServer()
    server.open(ada)
    expect(server.control.counts().requests).toBe(0)
  })

  it('cannot be obtained without a credential: ERR_SIGN_IN_REQUIRED, and nothing is sent', async () => {
    const server = startServer()
    expect(await codeOf(server.read(server.open()))).toBe('ERR_SIGN_IN_REQUIRED')
    expect(await codeOf(server.read(server.open({ email: ada.email })))).toBe(
      'ERR_SIGN_IN_REQUIRED',
    )
    expect(server.control.counts().requests).toBe(0)
  })

  it('is not added to sign-in requests, so that a user can sign in through a registered client', async () => {
    const server = startServer()
    const noco = server.open(ada)
    const url = `${BASE_URL}/api/v1/auth/user/signin`
    expect((await noco.authorize({ url, method: 'POST' })).generation).toBe(0)
    const query = `${server.records}?where=(Title,eq,/auth/user/signin)`
    expect((await noco.authorize({ url: query, method: 'GET' })).generation).toBe(1)
  })
})
