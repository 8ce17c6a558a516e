import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { memoryStore, type TokenSet } from '../src/index.ts'
import {
  authorize,
  failure,
  harness,
  next,
  request,
  sent,
  settled,
  signedIn,
} from './support/harness.ts'
import { watchedStore } from './support/watched-store.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HOUR = 3_600_000

const throws = () => {
  throw new Error('disk on fire')
}

describe('a change in the store', () => {
  it('during a renewal is left to the renewal', async () => {
    const { store, tell, reads } = watchedStore()
    const { manager, scripted } = harness({ store })
    const waiting = authorize(manager)
    await scripted.asked()
    const before = reads()
    tell()
    await settled()
    expect(reads()).toBe(before)
    scripted.settle({ accessToken: 'a' })
    expect(sent(await waiting)).toBe('Bearer a')
  })

  it('after a sign-out is ignored', async () => {
    const { store, tell, reads } = watchedStore()
    const { manager } = await signedIn({ store })
    await manager.signOut()
    const before = reads()
    tell()
    await settled()
    expect(reads()).toBe(before)
  })

  it('that is read during a sign-out is not adopted', async () => {
    const { store, tell, readBy, after } = watchedStore()
    const { manager, events } = await signedIn({ store })
    let land: (tokens: TokenSet) => void = () => undefined
    readBy(() => new Promise((resolve) => (land = resolve)))
    const read = after('getToken')
    tell()
    await read
    readBy(() => undefined)
    await manager.signOut()
    land({ accessToken: 'theirs' })
    await settled()
    await manager.signOut()
    expect(events.signedOut).toHaveLength(1)
  })

  it('that cannot be read ends no session', async () => {
    const { store, tell, readBy } = watchedStore()
    const { manager, events } = await signedIn({ store })
    readBy(throws)
    tell()
    await settled()
    expect(events.signedOut).toEqual([])
    expect(sent(await authorize(manager))).toBe('Bearer a1')
  })

  it('with the same token set keeps the generation', async () => {
    const { store, tell } = watchedStore()
    const { manager } = await signedIn({ store })
    tell()
    await settled()
    expect((await authorize(manager)).generation).toBe(1)
  })

  it('can end a session, and the next change begins another one', async () => {
    const { store, tell } = watchedStore()
    const { manager, scripted } = await signedIn({ store, name: 'me' })
    store.removeToken('me')
    const ended = next(manager, 'signedOut')
    tell()
    expect(await ended).toMatchObject({ reason: 'elsewhere' })
    store.setToken({ accessToken: 'theirs' }, 'me')
    const begun = next(manager, 'changed')
    tell()
    await begun
    expect(manager.authorize(request())).not.toBeInstanceOf(Promise)
    expect(sent(await authorize(manager))).toBe('Bearer theirs')
    expect(scripted.calls()).toBe(1)
  })
})

describe('a sign-in elsewhere', () => {
  it('during a renewal wins over the renewal’s result, in memory and in the store', async () => {
    const store = memoryStore()
    const { manager, scripted, clock } = harness({ store, name: 'me' })
    await store.setToken(
      { accessToken: 'a0', refreshToken: 'r0', expiresAt: clock.now() - 1 },
      'me',
    )
    const waiting = authorize(manager)
    await scripted.asked()
    await store.setToken({ accessToken: 'theirs', refreshToken: 'r9' }, 'me')
    scripted.settle({ accessToken: 'a1', refreshToken: 'r1' })
    expect(sent(await waiting)).toBe('Bearer theirs')
    expect(await store.getToken('me')).toMatchObject({ refreshToken: 'r9' })
  })
})

describe('a store that fails', () => {
  it('after the grant was asked does not count as a sign-out elsewhere', async () => {
    const { store, readBy } = watchedStore()
    const { manager, scripted, clock, events } = harness({ store, name: 'me' })
    store.setToken({ accessToken: 'a0', refreshToken: 'r0', expiresAt: clock.now() - 1 }, 'me')
    const waiting = authorize(manager)
    await scripted.asked()
    readBy(throws)
    scripted.settle({ accessToken: 'a1' })
    expect(sent(await waiting)).toBe('Bearer a1')
    expect(events.signedOut).toEqual([])
  })

  it('before the grant was asked, and then returns an old token set, is overwritten', async () => {
    const { store, readBy } = watchedStore()
    const { manager, scripted } = harness({ store, name: 'me' })
    readBy(throws)
    const waiting = authorize(manager)
    await scripted.asked()
    readBy(() => ({ accessToken: 'old' }))
    scripted.settle({ accessToken: 'a1' })
    expect(sent(await waiting)).toBe('Bearer a1')
  })

  it('to be read does not stop a renewal with the refresh token in memory, if the store is not shared', async () => {
    const { store, readBy } = watchedStore()
    const { lock: _, ...unshared } = store
    const { manager, scripted } = await signedIn({ store: unshared })
    readBy(throws)
    await manager.refresh()
    expect(scripted.contexts[1]?.tokens).toMatchObject({ refreshToken: 'r1' })
  })

  it('to be read under its lock renews nothing, because another process may have used the refresh token', async () => {
    const { store, readBy } = watchedStore()
    const { manager, scripted, events } = await signedIn({ store })
    readBy(throws)
    expect(await failure(manager.refresh())).toMatchObject({
      code: 'ERR_RENEWAL_UNAVAILABLE',
      cause: { message: 'disk on fire' },
    })
    expect(scripted.contexts).toHaveLength(1)
    expect(events.signedOut).toEqual([])
    readBy(() => ({ accessToken: 'a2', refreshToken: 'r2' }))
    expect(await manager.refresh()).toMatchObject({ accessToken: 'a2' })
    expect(scripted.contexts).toHaveLength(1)
  })

  it('to hold a valid token set does not stop the renewal of the one in memory', async () => {
    const { store, readBy } = watchedStore()
    const { manager, scripted } = await signedIn({ store })
    readBy(() => ({ accessToken: 1 }) as never)
    await manager.refresh()
    expect(scripted.contexts[1]?.tokens).toMatchObject({ refreshToken: 'r1' })
  })

  it('is announced once, and once more when it had worked in between', async () => {
    const { store, readBy } = watchedStore()
    const { manager, events } = harness({
      store,
      grants: [{ name: 'a', request: async () => ({ accessToken: 'a' }) }],
    })
    readBy(throws)
    await manager.refresh()
    await manager.refresh()
    expect(events.storeFailed).toHaveLength(1)
    readBy(() => null)
    await manager.refresh()
    expect(events.storeFailed).toHaveLength(1)
    readBy(throws)
    await manager.refresh()
    expect(events.storeFailed).toHaveLength(2)
    expect(events.storeFailed[1]).toMatchObject({
      operation: 'get',
      error: {
        code: 'ERR_STORE_FAILED',
        message: "The token store's get failed; the session goes on in memory.",
        cause: { message: 'disk on fire' },
      },
    })
  })

  it('to be written is announced once more when it had worked in between', async () => {
    let isBroken = true
    const inner = memoryStore()
    const setToken = (tokens: TokenSet, name: string) => {
      if (isBroken) throw new Error('disk full')
      return inner.setToken(tokens, name)
    }
    const { manager, events } = harness({ store: { ...inner, setToken } })
    await manager.setTokens({ accessToken: 'a' })
    await manager.setTokens({ accessToken: 'b' })
    isBroken = false
    await manager.setTokens({ accessToken: 'c' })
    isBroken = true
    await manager.setTokens({ accessToken: 'd' })
    expect(events.storeFailed.map(({ operation }) => operation)).toEqual(['set', 'set'])
  })

  it('to answer is different from one that answers "none"', async () => {
    const { store, readBy } = watchedStore()
    const { manager, scripted, events } = harness({ store })
    scripted.answerTokens()
    readBy(() => new Promise(() => undefined))
    const waiting = authorize(manager)
    await vi.advanceTimersByTimeAsync(10_000)
    await waiting
    const cause = events.storeFailed[0]?.error.cause as Error
    expect(cause).toMatchObject({
      code: 'ERR_STORE_FAILED',
      message: 'No answer to get within 3000 ms.',
    })
    expect('cause' in cause).toBe(false)
  })
})

it('a session found in the store is renewed ahead of expiry like any other', async () => {
  const { store } = watchedStore()
  const { manager, scripted, clock } = harness({ store, name: 'me' })
  scripted.answerTokens()
  store.setToken({ accessToken: 'a0', expiresAt: clock.now() + HOUR }, 'me')
  expect(sent(await authorize(manager))).toBe('Bearer a0')
  clock.pass(HOUR - 60_000)
  const renewed = next(manager, 'renewed')
  await authorize(manager)
  await renewed
  expect(sent(await authorize(manager))).toBe('Bearer a1')
})
