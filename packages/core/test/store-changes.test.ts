import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GrantRejectedError, memoryStore, type TokenStore } from '../src/index.ts'
import { answer, authorize, failure, harness, jwt, next, sent, settled } from './support/harness.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A store that reports changes, and whose writes take `writeMs`. */
function tellingStore(writeMs = 0) {
  const inner = memoryStore()
  let listener = () => undefined as void
  const slowly = () => new Promise((resolve) => setTimeout(resolve, writeMs))
  const store: TokenStore = {
    getToken: inner.getToken,
    setToken: async (tokens, name) => (await slowly(), inner.setToken(tokens, name)),
    removeToken: async (name) => (await slowly(), inner.removeToken(name)),
    subscribe: (_, listen) => {
      listener = listen
      return () => undefined
    },
  }
  return { inner, store, tell: () => listener() }
}

describe('a sign-out in another tab', () => {
  it('ends a session from setTokens() that has not expired yet', async () => {
    const { inner, store, tell } = tellingStore()
    const { manager } = harness({ store, name: 'me' })
    const handed = manager.setTokens({ accessToken: 'a' })
    await vi.advanceTimersByTimeAsync(0)
    await handed
    await inner.removeToken('me')
    const ended = next(manager, 'signedOut')
    tell()
    expect(await ended).toMatchObject({ reason: 'elsewhere' })
  })
})

describe('the store', () => {
  const failing = () => {
    throw new Error('gone')
  }

  it('is read only after a write in progress has ended', async () => {
    const { inner, store, tell } = tellingStore(100)
    await inner.setToken({ accessToken: 'theirs' }, 'me')
    const { manager } = harness({ store, name: 'me' })
    const handed = manager.setTokens({ accessToken: 'ours' })
    tell()
    await vi.advanceTimersByTimeAsync(100)
    await handed
    await settled()
    expect(sent(await authorize(manager))).toBe('Bearer ours')
    expect(await inner.getToken('me')).toEqual({ accessToken: 'ours' })
  })

  it('whose subscribe() throws is announced, and requests go on', async () => {
    const subscribe = () => {
      throw new Error('storage is denied')
    }
    const { manager, scripted, events } = harness({ store: { ...memoryStore(), subscribe } })
    scripted.answerTokens()
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    expect(events.storeFailed).toMatchObject([{ operation: 'subscribe' }])
  })

  it.each([
    ['a promise of how to stop', async () => () => undefined, []],
    ['a promise that fails', () => Promise.reject(new Error('denied')), ['subscribe']],
    ['something else', () => ({}), []],
    ['what fails', () => failing, []],
  ] as const)('whose subscribe() returns %s does no harm', async (_, subscribe, failed) => {
    const store = { ...memoryStore(), subscribe } as unknown as TokenStore
    const { manager, scripted, events } = harness({ store })
    scripted.answerTokens()
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    expect(events.storeFailed.map(({ operation }) => operation)).toEqual(failed)
    manager.dispose()
    await settled()
  })

  it('with an expired session of another process provides its refresh token', async () => {
    const store = memoryStore()
    const { manager, scripted, clock } = harness({ store, name: 'me' })
    scripted.answer(() => new GrantRejectedError('no'))
    await failure(authorize(manager))
    await store.setToken(
      { accessToken: 'old', refreshToken: 'r9', expiresAt: clock.now() - 1 },
      'me',
    )
    scripted.answer(() => ({ accessToken: 'new' }))
    expect(sent(await authorize(manager))).toBe('Bearer new')
    expect(scripted.contexts.at(-1)?.tokens).toMatchObject({ refreshToken: 'r9' })
  })
})

describe("another user's session, found in the store", () => {
  it('is adopted, but a request of the old user is not sent again with it', async () => {
    const store = memoryStore()
    const { manager } = harness({ store, name: 'me' })
    await manager.setTokens({ accessToken: jwt({ sub: 'ada' }) })
    const first = await authorize(manager)
    const bob = jwt({ sub: 'bob' })
    await store.setToken({ accessToken: bob }, 'me')
    const response = answer(401)
    expect(await manager.recover(first, response)).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    expect(sent(await authorize(manager))).toBe(`Bearer ${bob}`)
  })
})

it('a sign-out before the first read of the store announces the stored session’s end', async () => {
  const store = memoryStore()
  await store.setToken({ accessToken: 'stored' }, 'me')
  const { manager, events } = harness({ store, name: 'me' })
  expect(await manager.signOut()).toEqual({ accessToken: 'stored' })
  expect(events.signedOut).toHaveLength(1)
})
