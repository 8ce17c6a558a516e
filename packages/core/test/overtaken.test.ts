import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  memoryStore,
  type TokenManagerOptions,
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
  request,
  sent,
  settled,
  signedIn,
} from './support/harness.ts'
import { watchedStore } from './support/watched-store.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HOUR = 3_600_000

/** A promise that a test settles. */
function pending<T = void>() {
  let settle: (value: T) => void = () => undefined
  const promise = new Promise<T>((resolve) => (settle = resolve))
  return { promise, settle }
}

describe('a renewal that exceeded its time limit', () => {
  /** A manager whose first renewal was given up, and whose second is on its way. */
  async function twoRenewals(options: Partial<TokenManagerOptions> = {}) {
    const made = harness({ renewTimeoutMs: 5_000, ...options })
    const [first, second] = [pending<TokenSet>(), pending<TokenSet>()]
    made.scripted.answer((call) => (call === 1 ? first.promise : second.promise))
    const given = failure(authorize(made.manager))
    await vi.advanceTimersByTimeAsync(5_000)
    await given
    made.clock.pass(2_000)
    const waiting = made.manager.authorize(request())
    await made.scripted.asked(2)
    return { ...made, first, second, waiting }
  }

  it('does not replace the result of a later one', async () => {
    const { manager, first, second, waiting } = await twoRenewals()
    second.settle({ accessToken: 'second', refreshToken: 'r2' })
    expect(sent(await waiting)).toBe('Bearer second')
    first.settle({ accessToken: 'first', refreshToken: 'r1' })
    await settled()
    const authorization = await authorize(manager)
    expect(sent(authorization)).toBe('Bearer second')
    expect(authorization.generation).toBe(1)
  })

  it('serves the later renewal too', async () => {
    const { manager, first, second, waiting } = await twoRenewals()
    const renewed = next(manager, 'renewed')
    first.settle({ accessToken: 'first' })
    await renewed
    second.settle({ accessToken: 'second' })
    expect(sent(await waiting)).toBe('Bearer first')
  })

  it('does not replace the result of a later one, even if that was rejected since', async () => {
    const { manager, scripted, first, second, waiting } = await twoRenewals()
    second.settle({ accessToken: 'second', refreshToken: 'r2' })
    const authorization = await waiting
    scripted.answer(() => new Promise(() => undefined))
    void manager.recover(authorization, answer(401))
    await scripted.asked(3)
    first.settle({ accessToken: 'first', refreshToken: 'r1' })
    await settled()
    const third = manager.authorize(request())
    expect(third).toBeInstanceOf(Promise) // no token is known to be good
  })

  it('does not serve the later renewal once its own result has expired', async () => {
    const store = memoryStore()
    const { clock, manager, first, second, waiting } = await twoRenewals({ store, name: 'me' })
    const renewed = next(manager, 'renewed')
    first.settle({ accessToken: 'first', expiresAt: clock.now() + 1_000 })
    await renewed
    const early = await authorize(manager)
    clock.pass(1_000)
    second.settle({ accessToken: 'second' })
    const later = await waiting
    expect([sent(early), sent(later)]).toEqual(['Bearer first', 'Bearer second'])
    expect([early.generation, later.generation]).toEqual([1, 2])
    expect(await store.getToken('me')).toEqual({ accessToken: 'second' })
  })

  it('while it waited for the lock does not read the store', async () => {
    const granted = pending()
    const inner = memoryStore()
    const getToken = vi.fn<TokenStore['getToken']>(inner.getToken)
    const lock: TokenStore['lock'] = (_name, run) => granted.promise.then(run)
    const { manager, scripted } = harness({ store: { ...inner, getToken, lock } })
    const waiting = failure(authorize(manager))
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await waiting).toMatchObject({ code: 'ERR_RENEWAL_TIMEOUT' })
    const reads = getToken.mock.calls.length
    granted.settle()
    await settled()
    expect([getToken.mock.calls.length, scripted.calls()]).toEqual([reads, 0])
  })

  it('because of a limit beyond what timers allow does not end at once', async () => {
    const { manager, scripted } = harness({ renewTimeoutMs: 2 ** 40 })
    const waiting = authorize(manager)
    await vi.advanceTimersByTimeAsync(60_000)
    scripted.settle({ accessToken: 'a' })
    expect(sent(await waiting)).toBe('Bearer a')
  })
})

describe('a renewal whose session has ended in the meantime', () => {
  it('does not announce a second end', async () => {
    const store = memoryStore()
    const { manager, scripted, clock, events } = await signedIn({ store, name: 'me' })
    clock.pass(HOUR)
    const late = pending<TokenSet>()
    scripted.answer(() => late.promise)
    const waiting = failure(authorize(manager))
    await scripted.asked(2)
    await manager.signOut()
    expect(await waiting).toMatchObject({ message: 'The user has signed out. Sign in again.' })
    late.settle({ accessToken: 'late' })
    await settled()
    expect(events.signedOut).toHaveLength(1)
    expect(await store.getToken('me')).toBeUndefined()
  })

  it('does not stop later requests from sharing the next renewal', async () => {
    const { manager, scripted } = await signedIn()
    scripted.answer(() => new Promise(() => undefined))
    void failure(manager.refresh())
    await scripted.asked(2)
    const signingIn = manager.setTokens({ accessToken: 'b' })
    void failure(manager.refresh())
    await signingIn
    await scripted.asked(3)
    void failure(manager.refresh())
    await settled()
    expect(scripted.calls()).toBe(3)
  })
})

describe('a sign-out', () => {
  it('during the first read of the store wins over the stored session', async () => {
    const found = pending<TokenSet>()
    const { store, readBy, after } = watchedStore()
    readBy(() => found.promise)
    const { manager, scripted, events } = harness({ store })
    const read = after('getToken')
    const waiting = failure(authorize(manager))
    await read
    readBy(() => undefined)
    expect(await manager.signOut()).toBeUndefined()
    found.settle({ accessToken: 'stored' })
    expect(await waiting).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    await settled()
    expect(scripted.calls()).toBe(0)
    expect(await manager.signOut()).toBeUndefined()
    expect(events.signedOut).toEqual([])
  })

  it('before the first request returns the stored token set, for a service to revoke', async () => {
    const store = memoryStore()
    await store.setToken({ accessToken: 'stored', refreshToken: 'r' }, 'me')
    const { manager, clock, events } = harness({ store, name: 'me' })
    expect(await manager.signOut()).toEqual({ accessToken: 'stored', refreshToken: 'r' })
    expect(events.signedOut).toEqual([{ at: clock.now(), reason: 'signOut' }])
    expect(await store.getToken('me')).toBeUndefined()
  })

  it('answers later requests without asking the store', async () => {
    const store = memoryStore()
    const getToken = vi.fn<TokenStore['getToken']>(store.getToken)
    const { manager } = harness({ store: { ...store, getToken } })
    await manager.signOut()
    const reads = getToken.mock.calls.length
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(getToken).toHaveBeenCalledTimes(reads)
  })

  it('is undone by refresh()', async () => {
    const { manager, scripted } = await signedIn()
    await manager.signOut()
    scripted.answer(() => ({ accessToken: 'again' }))
    expect(await manager.refresh()).toEqual({ accessToken: 'again' })
    expect(sent(await authorize(manager))).toBe('Bearer again')
  })

  it('followed by a sign-in does not send the old requests again as the new user', async () => {
    const { manager } = await signedIn()
    const first = await authorize(manager)
    await manager.signOut()
    await manager.setTokens({ accessToken: 'b' })
    const response = answer(401)
    expect(await manager.recover(first, response)).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({
      code: 'ERR_SESSION_CHANGED',
      message: expect.stringContaining('The user has signed in or out in the meantime'),
    })
  })

  it('is not written if a sign-in comes before its write starts', async () => {
    const writes: string[] = []
    const [writing, slow] = [pending(), pending()]
    const store = {
      ...memoryStore(),
      setToken: ({ accessToken }: TokenSet) => {
        writes.push(accessToken)
        writing.settle()
        return slow.promise
      },
      removeToken: () => void writes.push('nothing'),
    }
    const { manager } = harness({ store })
    const first = manager.setTokens({ accessToken: 'a' })
    await writing.promise
    const leaving = manager.signOut()
    await settled()
    const second = manager.setTokens({ accessToken: 'b' })
    slow.settle()
    await Promise.all([first, leaving, second])
    expect(writes).toEqual(['a', 'b'])
  })

  it('empties the store again if an overdue write of a sign-in ends after it', async () => {
    const { store, after } = watchedStore()
    const landing = pending()
    const setToken = (tokens: TokenSet, name: string) =>
      landing.promise.then(() => store.setToken(tokens, name))
    const { manager } = harness({ store: { ...store, setToken }, name: 'me' })
    void manager.setTokens({ accessToken: 'a' })
    await vi.advanceTimersByTimeAsync(3_000)
    await manager.signOut()
    const emptied = after('removeToken')
    landing.settle()
    await emptied
    expect(await store.getToken('me')).toBeUndefined()
  })
})

it('an overdue write that ends after a renewal does not leave the used-up tokens in the store', async () => {
  const { store, after } = watchedStore()
  const landing = pending()
  const setToken = async (tokens: TokenSet, name: string) => {
    if (tokens.accessToken === 'a1') await landing.promise
    store.setToken(tokens, name)
  }
  const { manager, scripted } = harness({ store: { ...store, setToken }, name: 'me' })
  void manager.setTokens({ accessToken: 'a1', refreshToken: 'r1' })
  await vi.advanceTimersByTimeAsync(3_000)
  scripted.answer(() => ({ accessToken: 'a2', refreshToken: 'r2' }))
  await manager.refresh()
  const replaced = after('setToken', 2)
  landing.settle()
  await replaced
  expect(await store.getToken('me')).toEqual({ accessToken: 'a2', refreshToken: 'r2' })
})

describe('a sign-in', () => {
  it('counts the life of its token from now, even if the clock is wrong', async () => {
    const { manager, clock } = harness()
    const iat = clock.now() / 1000 - 7_200
    await manager.setTokens({ accessToken: jwt({ iat, exp: iat + 3_600 }) })
    expect(await manager.getTokens()).toMatchObject({ expiresAt: clock.now() + HOUR - 1_000 })
  })

  it('returns no more properties than it received', async () => {
    const { manager } = harness()
    await manager.setTokens({ accessToken: 'a' })
    expect({ ...(await manager.getTokens()) }).toStrictEqual({ accessToken: 'a' })
  })
})

it('dispose() before the first request is allowed, and later requests reject with ERR_DISPOSED', async () => {
  const { manager } = harness()
  manager.dispose()
  expect(await failure(authorize(manager))).toMatchObject({
    code: 'ERR_DISPOSED',
    message: 'This manager was disposed of. Create a new one.',
  })
})
