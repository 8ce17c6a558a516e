import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GrantRejectedError, memoryStore, type TokenStore } from '../src/index.ts'
import { authorize, failure, harness, request, sent } from './support/harness.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HOUR = 3_600_000

/** A store as a user writes it: three methods, no lock; and it takes its time to write. */
function plainStore(writeMs: number): TokenStore {
  const { getToken, setToken, removeToken } = memoryStore()
  const slowly = () => new Promise((resolve) => setTimeout(resolve, writeMs))
  return {
    getToken,
    setToken: async (tokens, name) => (await slowly(), setToken(tokens, name)),
    removeToken,
  }
}

/** Two managers whose shared token has just expired, both about to present the same refresh token. */
async function racing(writeMs: number) {
  const store = plainStore(writeMs)
  const one = harness({ store, name: 'shared' })
  const two = harness({ store, name: 'shared', clock: one.clock })
  const expiresAt = one.clock.now() + HOUR
  const stored = store.setToken({ accessToken: 'a0', refreshToken: 'r0', expiresAt }, 'shared')
  await vi.advanceTimersByTimeAsync(writeMs)
  await stored
  await Promise.all([authorize(one.manager), authorize(two.manager)])
  one.clock.pass(HOUR)
  const first = one.manager.authorize(request())
  const second = two.manager.authorize(request())
  await Promise.all([one.scripted.asked(), two.scripted.asked()])
  return { store, one, two, first, second }
}

describe('two managers that renew at the same time on a store without a lock', () => {
  it('both use the result of the faster one, even while it is still being written', async () => {
    const { store, one, two, first, second } = await racing(100)
    one.scripted.settle({ accessToken: 'a1', refreshToken: 'r1' })
    two.scripted.settle(new GrantRejectedError('this refresh token is spent'))
    await vi.advanceTimersByTimeAsync(300)
    expect(sent(await first)).toBe('Bearer a1')
    expect(sent(await second)).toBe('Bearer a1')
    expect([...one.events.signedOut, ...two.events.signedOut]).toEqual([])
    expect(await store.getToken('shared')).toMatchObject({ refreshToken: 'r1' })
  })

  it('the slower one renews with the new refresh token if the new access token has expired too', async () => {
    const { one, two, first, second } = await racing(100)
    const expiresAt = one.clock.now() + 50
    one.scripted.settle({ accessToken: 'a1', refreshToken: 'r1', expiresAt })
    await vi.advanceTimersByTimeAsync(100)
    await first
    one.clock.pass(50)
    two.scripted.settle(new GrantRejectedError('this refresh token is spent'))
    await two.scripted.asked(2)
    expect(two.scripted.contexts.at(-1)?.tokens).toMatchObject({ refreshToken: 'r1' })
    two.scripted.settle({ accessToken: 'a2', refreshToken: 'r2' })
    await vi.advanceTimersByTimeAsync(100)
    expect(sent(await second)).toBe('Bearer a2')
  })

  it('a rejection without a newer token in the store ends the session', async () => {
    const { store, two, second } = await racing(100)
    const ended = failure(second)
    two.scripted.settle(new GrantRejectedError('revoked'))
    await vi.advanceTimersByTimeAsync(300)
    expect(await ended).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(await store.getToken('shared')).toBeUndefined()
  })
})

it('a grant that never answers does not keep the lock of its store', async () => {
  const store = memoryStore()
  const one = harness({ store, name: 'shared', renewTimeoutMs: 5_000 })
  const two = harness({ store, name: 'shared' })
  two.scripted.answerTokens()
  const given = failure(authorize(one.manager))
  await one.scripted.asked()
  const waiting = two.manager.authorize(request())
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await given).toMatchObject({ code: 'ERR_RENEWAL_TIMEOUT' })
  expect(sent(await waiting)).toBe('Bearer a1')
})
