import { memoryStore } from '@latchkey/core'
import { oauth, signInWithDevice } from '@latchkey/oauth'
import { signInWithBrowser } from '@latchkey/oauth/node'
import { generateKeyPair } from 'oauth4webapi'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { browse } from '../src/oauth/browser.ts'
import { startDPoPResource } from '../src/oauth/resource.ts'
import { machine, type OAuthServer, person, startOAuthServer } from '../src/oauth/server.ts'
import { atOnce } from './support/at-once.ts'
import { statusesOf, subjects } from './support/subjects.ts'

let server: OAuthServer

/** Wants a nonce in every proof, at the token endpoint and at its API. */
beforeAll(async () => {
  server = await startOAuthServer({ wantsNonces: true })
})
afterAll(() => server.close())
beforeEach(() => {
  Object.assign(server.noticed, { consumed: 0, revoked: 0, refused: [] })
})

type Options = Partial<Parameters<typeof oauth>[0]>

const open = (more: Options = {}) => {
  const { url } = server
  return oauth({ origin: url, issuer: url, ...person, scope: 'openid', dpop: true, ...more })
}
const signIn = (manager: ReturnType<typeof open>) =>
  signInWithBrowser(manager, { open: (url) => browse(url) })

describe.each(subjects)('bound tokens, $name', ({ subject }) => {
  test('continue across an expiry with 30 requests at once, and learn nonces', async () => {
    const manager = open()
    await signIn(manager)
    const send = subject.connect({ manager, baseUrl: server.url })
    expect(await statusesOf(30, () => send('/me'))).toEqual([200])
    for (const round of [1, 2]) {
      server.expireAccessTokens()
      expect(await statusesOf(30, () => send('/me'))).toEqual([200])
      expect(server.noticed).toMatchObject({ consumed: round, revoked: 0 })
    }
    // The first proof could have no nonce; all others had the one of their server.
    expect(server.noticed.refused).toEqual(['use_dpop_nonce'])
  })

  test('are rejected without their key', async () => {
    const manager = open()
    await signIn(manager)
    const { accessToken, refreshToken = '' } = await manager.getTokens()
    const thief = open({ dpop: await generateKeyPair('ES256') })
    await thief.setTokens({ accessToken, refreshToken })
    const send = subject.connect({ manager: thief, baseUrl: server.url })
    expect(await statusesOf(1, () => send('/me'))).toEqual([401])
    const headers = { authorization: `Bearer ${accessToken}` }
    expect((await fetch(`${server.url}/me`, { headers })).status).toBe(401)
  })
})

describe.each(subjects)('an API with its own nonces, $name', ({ subject }) => {
  test('checks each proof, and each request is sent again once with the nonce', async () => {
    const resource = await startDPoPResource(server)
    const manager = open({ origin: resource.url })
    await signIn(manager)
    const send = subject.connect({ manager, baseUrl: resource.url })
    const post = { method: 'POST', body: 'text' }
    expect(await statusesOf(15, () => send('/items?page=2', post))).toEqual([200])
    expect(await statusesOf(15, () => send('/items'))).toEqual([200])
    expect(resource.noticed).toEqual({ withoutNonce: 15, accepted: 30 })
    resource.rotate()
    expect(await statusesOf(15, () => send('/items'))).toEqual([200])
    expect(resource.noticed).toEqual({ withoutNonce: 30, accepted: 45 })
    server.expireAccessTokens()
    resource.rotate()
    expect(await statusesOf(30, () => send('/items'))).toEqual([200])
    expect(server.noticed).toMatchObject({ consumed: 1, revoked: 0 })
    await resource.close()
  })
})

test('the next process continues the session with the same key, which is never shown', async () => {
  const store = memoryStore()
  await signIn(open({ store }))
  const next = open({ store })
  server.expireAccessTokens()
  const before = await next.getTokens()
  const after = await next.refresh()
  expect(JSON.parse(after.dpopKey ?? '')).toMatchObject({ kty: 'EC', crv: 'P-256' })
  expect(after.dpopKey).toBe(before.dpopKey)
  expect(server.noticed).toMatchObject({ consumed: 1, revoked: 0 })
})

test('a key of your own is used, and is not kept with the tokens', async () => {
  const dpop = await generateKeyPair('ES256')
  const store = memoryStore()
  await signIn(open({ dpop, store }))
  const next = open({ dpop, store })
  expect(await next.refresh()).not.toHaveProperty('dpopKey')
})

test('the tokens of a machine are bound too', async () => {
  const { url } = server
  const manager = oauth({
    origin: url,
    issuer: url,
    ...machine,
    clientCredentials: true,
    dpop: true,
  })
  expect(await manager.getTokens()).toHaveProperty('dpopKey')
})

test('the tokens of a sign-in with another device are bound too', async () => {
  const manager = open()
  await atOnce(() =>
    signInWithDevice(manager, {
      onCode: ({ verificationUriComplete = '' }) => browse(verificationUriComplete),
    }),
  )
  expect(await manager.refresh()).toHaveProperty('dpopKey')
})

test('a server that does not bind tokens causes an error, and they are not sent unbound', async () => {
  const plain = await startOAuthServer()
  const { url } = plain
  const manager = oauth({
    origin: url,
    issuer: url,
    ...machine,
    clientCredentials: true,
    dpop: true,
  })
  await expect(manager.getTokens()).rejects.toMatchObject({
    cause: { code: 'ERR_UNUSABLE_TOKEN' },
  })
  await plain.close()
})
