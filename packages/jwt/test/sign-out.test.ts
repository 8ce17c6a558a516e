import { headerScheme, memoryStore } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import { CANARY, failure, type Issued, keptIn, startApi } from './support/token-api.ts'

const pair = ({ access, refresh }: Issued) =>
  Response.json({ access_token: access, refresh_token: refresh })
const withSignOut = { signOut: '/auth/logout' }
const withBoth = { ...withSignOut, refresh: '/auth/refresh' }

describe('signing out', () => {
  test('sends the access token to the sign-out endpoint, and no request afterwards', async () => {
    const api = startApi()
    const store = memoryStore()
    const session = api.open({ ...withSignOut, store })
    await api.read(session)
    expect(await session.signOut()).toBeUndefined()
    const { headers, body } = api.lastTo('/auth/logout')
    expect(headers.get('authorization')).toBe(`Bearer ${CANARY}-access-1`)
    expect(body).toBe('')
    expect(await keptIn(store)).toBeUndefined()
    expect(await failure(api.read(session))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(await session.isSignedIn()).toBe(false)
    expect(api.counts()).toMatchObject({ '/auth/login': 1, '/data': 1 })
  })

  test('uses the header that usually carries the token', async () => {
    const api = startApi()
    const session = api.open({ ...withSignOut, scheme: headerScheme('x-access-token') })
    await api.read(session)
    await session.signOut()
    expect(api.lastTo('/auth/logout').headers.get('x-access-token')).toBe(`${CANARY}-access-1`)
  })

  test('sends the refresh token if the server needs it', async () => {
    const api = startApi(pair)
    const signOut = { path: '/auth/logout', method: 'POST', send: { body: 'refresh' } }
    const session = api.open({ ...withBoth, signOut })
    await session.signIn()
    await session.signOut()
    expect(JSON.parse(api.lastTo('/auth/logout').body)).toEqual({ refresh: `${CANARY}-refresh-1` })
  })

  test('renews a dead access token first, because the refresh token would stay valid', async () => {
    const api = startApi(pair)
    const session = api.open(withBoth)
    await session.signIn()
    api.expire()
    await session.signOut()
    expect(api.counts()).toMatchObject({ '/auth/logout': 2, '/auth/refresh': 1 })
    expect(api.lastTo('/auth/logout').headers.get('authorization')).toBe(
      `Bearer ${CANARY}-access-2`,
    )
  })

  test("is not complete when a firewall's page answers 401 in place of the server", async () => {
    const api = startApi(pair)
    const session = api.open(withBoth)
    await session.signIn()
    const page = { status: 401, headers: { 'content-type': 'text/html' } }
    api.answerNext('/auth/logout', () => new Response('<html>', page))
    expect(await failure(session.signOut())).toMatchObject({ code: 'ERR_SIGN_OUT_INCOMPLETE' })
  })

  test('is complete when the server has ended the session already', async () => {
    const api = startApi(pair)
    const session = api.open(withBoth)
    await session.signIn()
    api.revoke()
    expect(await session.signOut()).toBeUndefined()
  })

  test('sends nothing without a session, or without a sign-out endpoint', async () => {
    const api = startApi()
    await api.open(withSignOut).signOut()
    const session = api.open()
    await session.signIn()
    await session.signOut()
    expect(api.counts()).toEqual({ '/auth/login': 1 })
  })

  test.each([
    ['cannot be reached', () => Response.error()],
    ['fails', () => new Response('', { status: 500 })],
    ['knows no such path', () => new Response('', { status: 404 })],
  ])('is incomplete when the server %s: signed out here, and told so', async (_, answer) => {
    const api = startApi()
    const session = api.open(withSignOut)
    await session.signIn()
    api.answerNext('/auth/logout', answer)
    expect(await failure(session.signOut())).toMatchObject({
      code: 'ERR_SIGN_OUT_INCOMPLETE',
      cause: { code: 'ERR_SERVER_UNAVAILABLE' },
    })
    expect(await session.isSignedIn()).toBe(false)
  })

  test('can be followed by a new signIn()', async () => {
    const api = startApi()
    const session = api.open(withSignOut)
    await session.signIn()
    await session.signOut()
    await session.signIn()
    expect(await api.read(session)).toBe(200)
  })
})
