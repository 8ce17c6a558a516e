import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  bearer,
  createTokenManager,
  GrantRejectedError,
  memoryStore,
  type TokenSet,
  type TokenStore,
} from '../src/index.ts'
import {
  answer,
  authorize,
  failure,
  harness,
  jwt,
  next,
  ORIGIN,
  request,
  sent,
  settled,
} from './support/harness.ts'
import { watchedStore } from './support/watched-store.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const HOUR = 3_600_000

/** A lock as a store would have it: one holder at a time, in order. */
function lockingStore(inner = memoryStore()): TokenStore & { holders: () => number } {
  let last: Promise<unknown> = Promise.resolve()
  let holders = 0
  return {
    ...inner,
    holders: () => holders,
    lock(_name, run) {
      const turn = last.then(() => {
        holders += 1
        return run()
      })
      last = turn.catch(() => undefined)
      return turn
    },
  }
}

/** A store that fails, or hangs, in the operations a test names. */
function brokenStore(broken: Partial<Record<keyof TokenStore, () => never | Promise<never>>>) {
  return { ...memoryStore(), ...broken } as TokenStore
}
const throws = () => {
  throw new Error('disk on fire')
}
const hangs = () => new Promise<never>(() => undefined)

describe('a stored token set', () => {
  it('is used without asking a grant, under the name given', async () => {
    const store = memoryStore()
    await store.setToken({ accessToken: 'stored' }, 'my name')
    const { manager, scripted } = harness({ store, name: 'my name' })
    expect(sent(await authorize(manager))).toBe('Bearer stored')
    expect(scripted.calls()).toBe(0)
  })

  it('is kept under the origin when no name is given', async () => {
    const store = memoryStore()
    const { manager, scripted } = harness({ store })
    scripted.answerTokens()
    await authorize(manager)
    expect(await store.names?.()).toEqual(['https://api.test'])
  })

  it('that has expired is renewed by the grant', async () => {
    const store = memoryStore()
    const { manager, scripted, clock } = harness({ store, name: 'me' })
    await store.setToken(
      { accessToken: 'old', refreshToken: 'r0', expiresAt: clock.now() - 1 },
      'me',
    )
    scripted.answerTokens()
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    expect(scripted.contexts[0]?.tokens).toMatchObject({ refreshToken: 'r0' })
  })

  it('that is a JWT without a known instant expires when its exp says', async () => {
    const store = memoryStore()
    const { manager, scripted, clock } = harness({ store, name: 'me' })
    const exp = clock.now() / 1000 - 1
    await store.setToken({ accessToken: jwt({ iat: exp - 60, exp }) }, 'me')
    scripted.answerTokens()
    expect(sent(await authorize(manager))).toBe('Bearer a1')
  })

  it('contains the instant of expiry for the next process', async () => {
    const store = memoryStore()
    const { manager, scripted, clock } = harness({ store, name: 'me' })
    const iat = clock.now() / 1000
    scripted.answer(() => ({ accessToken: jwt({ iat, exp: iat + 3600 }) }))
    await authorize(manager)
    expect(await store.getToken('me')).toMatchObject({ expiresAt: clock.now() + HOUR })
  })

  it.each([
    null,
    'text',
    5,
    [],
    {},
    { accessToken: 1 },
    { accessToken: '' },
    { accessToken: 'a\r\nb' },
  ])('that is garbage (%j) is not a session, and is not written back', async (garbage) => {
    const writes: unknown[] = []
    const store = {
      getToken: () => garbage as never,
      setToken: (tokens: TokenSet) => void writes.push(tokens),
      removeToken: () => undefined,
    }
    const { manager, scripted } = harness({ store })
    scripted.answerTokens()
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    expect(writes).toEqual([{ accessToken: 'a1', refreshToken: 'r1' }])
  })

  it('does not contain values of a polluted prototype', async () => {
    const polluted = Object.create({ accessToken: 'inherited' }) as TokenSet
    const store = { ...memoryStore(), getToken: () => polluted }
    const { manager, scripted, events } = harness({ store })
    scripted.answerTokens()
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    expect(events.storeFailed[0]?.error.cause).toMatchObject({ code: 'ERR_UNUSABLE_TOKEN' })
  })
})

describe('a renewed token set', () => {
  it('is stored before any waiter goes on', async () => {
    let release = () => undefined as void
    const inner = memoryStore()
    const store = {
      ...inner,
      setToken: async (tokens: TokenSet, name: string) => {
        await new Promise<void>((resolve) => (release = resolve))
        await inner.setToken(tokens, name)
      },
    }
    const { manager, scripted } = harness({ store })
    scripted.answerTokens()
    let went = false
    const waiting = authorize(manager).then(() => (went = true))
    await settled()
    expect(went).toBe(false)
    expect(manager.authorize(request())).toBeInstanceOf(Promise)
    release()
    await waiting
    expect(await inner.getToken('https://api.test')).toMatchObject({ accessToken: 'a1' })
  })

  it.each([
    ['throws', throws],
    ['hangs', hangs],
  ])('serves from memory when storing it %s, announced once', async (_, setToken) => {
    const { manager, scripted, events, clock } = harness({ store: brokenStore({ setToken }) })
    scripted.answerTokens(() => ({ expiresAt: clock.now() + HOUR }))
    const waiting = authorize(manager)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(sent(await waiting)).toBe('Bearer a1')
    expect(events.storeFailed).toMatchObject([{ operation: 'set' }])
    clock.pass(HOUR)
    void manager.authorize(request())
    await scripted.asked(2)
    // The store knows nothing of r1, but memory does: the session is not given up for that.
    expect(scripted.contexts[1]?.tokens).toMatchObject({ refreshToken: 'r1' })
  })
})

describe('a store', () => {
  it.each([
    ['throws', throws],
    ['hangs', hangs],
  ])('whose read %s does not stop a grant from obtaining a token', async (_, getToken) => {
    const { manager, scripted, events } = harness({ store: brokenStore({ getToken }) })
    scripted.answerTokens()
    const waiting = authorize(manager)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(sent(await waiting)).toBe('Bearer a1')
    expect(events.storeFailed[0]).toMatchObject({ operation: 'get' })
  })

  it('that could not store a rotated token set does not bring the old one back into use', async () => {
    const inner = memoryStore()
    const store = {
      ...inner,
      setToken: (tokens: TokenSet, name: string) => {
        if (tokens.refreshToken === 'r2') throw new Error('disk full')
        return inner.setToken(tokens, name)
      },
    }
    const { manager, scripted } = harness({ store, name: 'me' })
    scripted.answerTokens()
    await authorize(manager)
    await manager.refresh()
    await manager.refresh()
    expect(scripted.contexts.map(({ tokens }) => tokens?.refreshToken)).toEqual([
      undefined,
      'r1',
      'r2',
    ])
    expect(await inner.getToken('me')).toMatchObject({ refreshToken: 'r3' })
  })

  it('that never answers a read costs one time limit, and a sign-out is still written', async () => {
    const inner = memoryStore()
    await inner.setToken({ accessToken: 'stored' }, 'me')
    const { manager, scripted } = harness({ store: { ...inner, getToken: hangs }, name: 'me' })
    scripted.answerTokens()
    const first = authorize(manager)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(sent(await first)).toBe('Bearer a1')
    expect(sent(await authorize(manager))).toBe('Bearer a1') // no timer is moved on
    await manager.signOut()
    expect(await inner.getToken('me')).toBeUndefined()
  })

  it('that cannot be written keeps its refresh token unused until it can', async () => {
    let isReadOnly = false
    const store = { ...memoryStore(), canWrite: () => !isReadOnly }
    const { manager, scripted, events } = harness({ store, name: 'me' })
    scripted.answerTokens()
    await authorize(manager)
    isReadOnly = true
    scripted.answer((_, { tokens }) => tokens && { accessToken: 'unkept', refreshToken: 'unkept' })
    const error = await failure(manager.refresh())
    expect(error).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE', message: /written/ })
    expect(scripted.contexts.map(({ tokens }) => tokens?.refreshToken)).toEqual([
      undefined,
      undefined,
    ])
    expect(events.signedOut).toEqual([])
    isReadOnly = false
    scripted.answerTokens()
    await manager.refresh()
    expect(scripted.contexts.at(-1)?.tokens?.refreshToken).toBe('r1')
  })

  it('that fails without a listener is reported on the console, once per operation, without a secret', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const leaky = () => {
      throw Object.assign(new Error('cannot write CANARY-7f3a'), { code: 'ERR_STORE_FULL' })
    }
    const store = brokenStore({ setToken: leaky, removeToken: throws })
    const grants = [{ name: 'known', request: () => Promise.resolve({ accessToken: 'a' }) }]
    const manager = createTokenManager({ origin: ORIGIN, scheme: bearer(), grants, store })
    await manager.refresh()
    await manager.refresh()
    await manager.signOut()
    const off = manager.on('storeFailed', () => undefined)
    await manager.signOut()
    off()
    expect(warn.mock.calls).toEqual([
      [
        'Latchkey: The token store\'s set failed; the session goes on in memory. (ERR_STORE_FULL) Listen to "storeFailed" for more.',
      ],
      [
        'Latchkey: The token store\'s remove failed; the session goes on in memory. Listen to "storeFailed" for more.',
      ],
    ])
  })

  it('that fails with a listener is not reported on the console', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const { manager, scripted, events } = harness({ store: brokenStore({ setToken: throws }) })
    scripted.answerTokens()
    await authorize(manager)
    expect(events.storeFailed).toHaveLength(1)
    expect(warn).not.toHaveBeenCalled()
  })

  it('that fails, works and fails again is reported on the console once', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    let isBroken = true
    const setToken = () => (isBroken ? throws() : undefined)
    const grants = [{ name: 'known', request: () => Promise.resolve({ accessToken: 'a' }) }]
    const store = { ...memoryStore(), setToken }
    const manager = createTokenManager({ origin: ORIGIN, scheme: bearer(), grants, store })
    for (const broken of [true, false, true]) {
      isBroken = broken
      await manager.refresh()
    }
    expect(warn).toHaveBeenCalledOnce()
  })

  it('whose removal fails does not bring the session back after a sign-out', async () => {
    const { manager, scripted, events } = harness({ store: brokenStore({ removeToken: throws }) })
    scripted.answerTokens()
    await authorize(manager)
    await manager.signOut()
    expect(events.storeFailed).toMatchObject([{ operation: 'remove' }])
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  })

  it('whose removal fails keeps a session, but neither refresh() nor a change of the store brings it back', async () => {
    const { store: inner, tell } = watchedStore()
    const store = { ...inner, removeToken: throws }
    const { manager, scripted, events } = harness({ store, name: 'me' })
    scripted.answerTokens()
    await authorize(manager)
    expect(await manager.signOut()).toMatchObject({ refreshToken: 'r1' })
    tell()
    await settled()
    expect(await failure(manager.getTokens())).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    await manager.refresh()
    expect(scripted.contexts.at(-1)).not.toHaveProperty('tokens')
    expect(events.signedOut).toHaveLength(1)
    expect(await inner.getToken('me')).toMatchObject({ refreshToken: 'r2' })
  })

  it('whose write lands after a sign-out is emptied again', async () => {
    const { store: inner, after } = watchedStore()
    const [storing, landing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const store = {
      ...inner,
      setToken: async (tokens: TokenSet, name: string) => {
        storing.resolve()
        await landing.promise
        inner.setToken(tokens, name)
      },
    }
    const { manager, scripted } = harness({ store, name: 'me' })
    scripted.answerTokens()
    void failure(authorize(manager))
    await storing.promise
    const leaving = manager.signOut()
    await vi.advanceTimersByTimeAsync(3_000)
    await leaving
    const emptied = after('removeToken')
    landing.resolve()
    await emptied
    expect(await inner.getToken('me')).toBeUndefined()
  })

  it('written for three methods without a name works unchanged', async () => {
    let kept: TokenSet | null = null
    const store = {
      getToken: () => kept,
      setToken: (tokens: TokenSet) => {
        kept = tokens
      },
      removeToken: () => {
        kept = null
      },
    }
    const { manager, scripted } = harness({ store })
    scripted.answerTokens()
    await authorize(manager)
    expect(kept).toMatchObject({ accessToken: 'a1' })
    await manager.signOut()
    expect(kept).toBeNull()
  })
})

describe('two managers on one store', () => {
  function pair(store: TokenStore) {
    const one = harness({ store, name: 'shared' })
    const two = harness({ store, name: 'shared', clock: one.clock })
    return { one, two, clock: one.clock }
  }

  it('make one renewal: the second adopts what the first stored, under the lock', async () => {
    const store = lockingStore()
    const { one, two, clock } = pair(store)
    await store.setToken(
      { accessToken: 'a0', refreshToken: 'r0', expiresAt: clock.now() + HOUR },
      'shared',
    )
    await Promise.all([authorize(one.manager), authorize(two.manager)])
    one.scripted.answerTokens()
    two.scripted.answerTokens()
    clock.pass(HOUR)
    const both = await Promise.all([authorize(one.manager), authorize(two.manager)])
    expect(both.map(sent)).toEqual(['Bearer a1', 'Bearer a1'])
    expect(one.scripted.calls() + two.scripted.calls()).toBe(1)
    expect(store.holders()).toBe(2)
  })

  it("without a lock the loser of a race adopts the winner's tokens instead of signing out", async () => {
    const { lock: _, ...store } = memoryStore()
    const { one, two, clock } = pair(store)
    await store.setToken(
      { accessToken: 'a0', refreshToken: 'r0', expiresAt: clock.now() + HOUR },
      'shared',
    )
    await Promise.all([authorize(one.manager), authorize(two.manager)])
    clock.pass(HOUR)
    const first = one.manager.authorize(request())
    const second = two.manager.authorize(request())
    await Promise.all([one.scripted.asked(), two.scripted.asked()])
    one.scripted.settle({ accessToken: 'a1', refreshToken: 'r1' })
    await first
    two.scripted.settle(new GrantRejectedError('reused'))
    expect(sent(await second)).toBe('Bearer a1')
    expect(two.events.signedOut).toEqual([])
  })

  it('a sign-out in one wins over a renewal under way in the other', async () => {
    const store = memoryStore()
    const { one, two, clock } = pair(store)
    await store.setToken(
      { accessToken: 'a0', refreshToken: 'r0', expiresAt: clock.now() + HOUR },
      'shared',
    )
    await Promise.all([authorize(one.manager), authorize(two.manager)])
    clock.pass(HOUR)
    const waiting = failure(one.manager.authorize(request()))
    await one.scripted.asked()
    await two.manager.signOut()
    one.scripted.settle({ accessToken: 'a1', refreshToken: 'r1' })
    expect(await waiting).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    expect(await store.getToken('shared')).toBeUndefined()
    expect(one.events.signedOut).toMatchObject([{ reason: 'elsewhere' }])
  })

  it('a sign-in in one restores the other, which had no credentials left', async () => {
    const store = memoryStore()
    const { one, two } = pair(store)
    one.scripted.answer(() => new GrantRejectedError('no'))
    await failure(authorize(one.manager))
    await two.manager.setTokens({ accessToken: 'b' })
    expect(sent(await authorize(one.manager))).toBe('Bearer b')
    expect(one.scripted.calls()).toBe(1)
  })
})

describe('a store that reports changes', () => {
  it('adopts the tokens that another tab renewed, and signs out if another tab did', async () => {
    const { store, tell, listeners } = watchedStore()
    const { manager, scripted, events } = harness({ store, name: 'me' })
    scripted.answerTokens()
    await authorize(manager)
    tell()
    await settled()
    expect(events.signedOut).toEqual([])
    store.setToken({ accessToken: 'other-tab' }, 'me')
    const adopted = next(manager, 'changed')
    tell()
    await adopted
    expect(sent(await authorize(manager))).toBe('Bearer other-tab')
    store.removeToken('me')
    const ended = next(manager, 'signedOut')
    tell()
    expect(await ended).toMatchObject({ reason: 'elsewhere' })
    manager.dispose()
    expect(listeners()).toBe(0)
  })
})

it('a 401 for a token that another process has replaced adopts the replacement', async () => {
  const store = memoryStore()
  const { manager, scripted } = harness({ store, name: 'me' })
  scripted.answerTokens()
  const first = await authorize(manager)
  await store.setToken({ accessToken: 'theirs', refreshToken: 'r9' }, 'me')
  expect(sent(await manager.recover(first, answer(401)))).toBe('Bearer theirs')
  expect(scripted.calls()).toBe(1)
})
