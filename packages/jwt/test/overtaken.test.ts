import { memoryStore } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import { heldAnswers } from '../../core/test/support/held-answers.ts'
import { ada, CANARY, failure, type Issued, keptIn, startApi } from './support/token-api.ts'

const grace = { ...ada, username: 'grace' }
const pair = ({ access, refresh }: Issued) =>
  Response.json({ access_token: access, refresh_token: refresh })
const withBoth = { signOut: '/auth/logout', refresh: '/auth/refresh' }

function holding(path: string) {
  const api = startApi(pair)
  return { api, ...heldAnswers(api.send, path) }
}

describe('a sign-out', () => {
  test('wins over a signIn() in progress, and revokes its tokens', async () => {
    const { api, fetch, holdNext } = holding('/login')
    const session = api.open({ ...withBoth, fetch })
    const held = holdNext()
    const signingIn = failure(session.signIn())
    const release = await held
    await session.signOut()
    release()
    expect(await signingIn).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    expect(await failure(api.read(session))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(api.lastTo('/auth/logout').headers.get('authorization')).toBe(
      `Bearer ${CANARY}-access-1`,
    )
  })

  test('during a renewal revokes the renewed tokens, and sends no refresh token twice', async () => {
    const { api, fetch, holdNext } = holding('/refresh')
    const session = api.open({ ...withBoth, fetch })
    await session.signIn()
    api.expire()
    const held = holdNext()
    const renewing = failure(session.refresh())
    const release = await held
    const leaving = session.signOut()
    expect(await renewing).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    release()
    await leaving
    const { headers } = api.lastTo('/auth/logout')
    expect(headers.get('authorization')).toBe(`Bearer ${CANARY}-access-2`)
    expect(api.arrived.filter(({ body }) => body.includes(`${CANARY}-refresh-1`))).toHaveLength(1)
  })
})

test('of two sign-ins the one that started last stays, in memory and in the store', async () => {
  const { api, fetch, holdNext } = holding('/login')
  const store = memoryStore()
  const session = api.open({ fetch, store })
  const held = holdNext()
  const first = failure(session.signIn(grace))
  const release = await held
  await session.signIn()
  release()
  expect(await first).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
  expect(await session.getTokens()).toMatchObject({ accessToken: `${CANARY}-access-2` })
  expect(await keptIn(store)).toMatchObject({ accessToken: `${CANARY}-access-2` })
  api.expire()
  expect(await api.read(session)).toBe(200) // the configured credentials are still in use
})

describe('another user who signs in', () => {
  test('is not seen by the next process, which neither uses nor adopts that session', async () => {
    const api = startApi(pair)
    const store = memoryStore()
    const session = api.open({ ...withBoth, store })
    await api.read(session)
    await session.signIn(grace)
    expect(await session.getTokens()).toMatchObject({ accessToken: `${CANARY}-access-2` })
    expect(await keptIn(store)).toMatchObject({ accessToken: `${CANARY}-access-1` })
    const next = api.open({ ...withBoth, store })
    expect(await next.getTokens()).toMatchObject({ accessToken: `${CANARY}-access-1` })
  })

  test('is kept in the store if no user is configured', async () => {
    const api = startApi(pair)
    const store = memoryStore()
    await api.openBare({ ...withBoth, store }).signIn(grace)
    expect(await api.read(api.openBare({ ...withBoth, store }))).toBe(200)
  })

  test('is assumed for signIn(credentials), if the configured credentials come from a function', async () => {
    const api = startApi(pair)
    const store = memoryStore()
    const session = api.open({ ...withBoth, store, credentials: () => ada })
    await session.signIn(ada)
    expect(await keptIn(store)).toBeUndefined()
    await session.signIn()
    expect(await keptIn(store)).toBeDefined()
  })
})
