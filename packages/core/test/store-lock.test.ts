import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LatchkeyError, memoryStore, type TokenSet, type TokenStore } from '../src/index.ts'
import { answer, authorize, failure, harness, sent, settled } from './support/harness.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** An error as our stores throw them: known to core by its brand only. */
const storeError = (code: string) =>
  Object.assign(new Error('Redis is down.'), { code, [Symbol.for('latchkey.error')]: true })

/** A manager whose expired session lies in a store with such a lock. */
async function withLock(lock: NonNullable<TokenStore['lock']>) {
  const store = { ...memoryStore(), lock }
  const made = harness({ store, name: 'me' })
  const expiresAt = made.clock.now() - 1
  await store.setToken({ accessToken: 'a0', refreshToken: 'r0', expiresAt }, 'me')
  made.scripted.answerTokens()
  return { ...made, store }
}

const said = 'The token store could not be locked, so nothing was renewed.'

describe("the memory store's lock", () => {
  it('is held by one caller at a time for each name, even after a failure', async () => {
    const { lock } = memoryStore()
    const steps: string[] = []
    const hold = (step: string) => async () => {
      steps.push(`${step} begins`)
      await settled()
      steps.push(`${step} ends`)
      if (step === 'first') throw new Error('mine')
    }
    const first = failure(lock?.('a', hold('first')))
    const others = [lock?.('a', hold('second')), lock?.('b', hold('other'))]
    await Promise.all([first, ...others])
    const ofA = steps.filter((step) => !step.startsWith('other'))
    expect(ofA).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
    expect(steps.indexOf('other begins')).toBeLessThan(steps.indexOf('first ends'))
  })
})

describe('a store whose lock', () => {
  it.each([
    ['rejects', () => Promise.reject(storeError('ERR_STORE_UNAVAILABLE'))],
    [
      'is held by another process for too long',
      () => Promise.reject(storeError('ERR_STORE_LOCKED')),
    ],
    [
      'throws',
      () => {
        throw storeError('ERR_STORE_UNAVAILABLE')
      },
    ],
  ])('%s makes the renewal unavailable: the session is kept and tried later', async (_, lock) => {
    let isDown = true
    const { manager, scripted, clock, events, store } = await withLock((_name, run) =>
      isDown ? lock() : run(),
    )
    const error = await failure(authorize(manager))
    expect(error).toMatchObject({
      code: 'ERR_RENEWAL_UNAVAILABLE',
      message: expect.stringContaining(said),
      cause: { code: expect.stringMatching(/^ERR_STORE_/), message: 'Redis is down.' },
    })
    expect([events.signedOut, events.renewalFailed]).toMatchObject([
      [],
      [{ outcome: 'unavailable', error: { code: 'ERR_RENEWAL_UNAVAILABLE' } }],
    ])
    expect(await store.getToken('me')).toMatchObject({ refreshToken: 'r0' })
    isDown = false
    expect(await failure(authorize(manager))).toBe(error) // during the cool-down
    clock.pass(2_000)
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    expect(scripted.calls()).toBe(1)
  })

  it('cannot be obtained leaves a 401 to the caller, with the reason', async () => {
    let isDown = false
    const { manager } = await withLock((_name, run) =>
      isDown ? Promise.reject(storeError('ERR_STORE_LOCKED')) : run(),
    )
    const authorization = await authorize(manager)
    isDown = true
    const response = answer(401)
    expect(await manager.recover(authorization, response)).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({ message: expect.stringContaining(said) })
  })

  it('resolves without calling run counts as not obtained', async () => {
    const { manager, scripted } = await withLock(() => Promise.resolve(undefined as never))
    expect(await failure(authorize(manager))).toMatchObject({
      message: expect.stringContaining(said),
    })
    expect(scripted.calls()).toBe(0)
  })

  it('cannot be released does not lose the result of the renewal under it', async () => {
    const { manager } = await withLock(async (_name, run) => {
      await run()
      throw storeError('ERR_STORE_UNAVAILABLE')
    })
    expect(sent(await authorize(manager))).toBe('Bearer a1')
  })

  it('calls run twice starts one renewal', async () => {
    const { manager, scripted } = await withLock(async (_name, run) => {
      await Promise.all([run(), run()])
      return run()
    })
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    expect(scripted.calls()).toBe(1)
  })

  it('was held by a renewal that fails passes on that failure', async () => {
    const { manager, scripted } = await withLock((_name, run) => run())
    const down = new LatchkeyError('ERR_RENEWAL_UNAVAILABLE', 'down', { retryAfterMs: 90_000 })
    scripted.answer(() => down)
    expect(await failure(authorize(manager))).toMatchObject({ retryAfterMs: 90_000 })
  })

  it("is not granted ends with the renewal's time limit, and starts no renewal if granted late", async () => {
    let grant = () => undefined as void
    const { manager, scripted } = await withLock(async (_name, run) => {
      await new Promise<void>((resolve) => (grant = resolve))
      return run()
    })
    const waiting = failure(authorize(manager))
    await vi.advanceTimersByTimeAsync(14_999)
    expect(await Promise.race([waiting, Promise.resolve('still waiting')])).toBe('still waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(await waiting).toMatchObject({ code: 'ERR_RENEWAL_TIMEOUT' })
    grant()
    await settled()
    expect(scripted.calls()).toBe(0)
  })
})

describe('a renewal that waits for the lock', () => {
  /** Another process has the lock. The store tells of what it writes. */
  async function queued() {
    const { promise: freed, resolve: free } = Promise.withResolvers<void>()
    const signals: (AbortSignal | undefined)[] = []
    const listeners: (() => void)[] = []
    const made = await withLock(async (_name, run, signal) => {
      signals.push(signal)
      await freed
      return run()
    })
    made.store.subscribe = (_name, listener) => {
      listeners.push(listener)
      return () => undefined
    }
    const write = async (tokens: TokenSet) => {
      await made.store.setToken(tokens, 'me')
      for (const listener of listeners) listener()
      await settled()
    }
    return { ...made, free, signals, write }
  }

  it('takes what the holder has stored, and leaves the queue', async () => {
    const { manager, scripted, write, free, signals, events, store } = await queued()
    const waiting = [authorize(manager), authorize(manager)]
    await settled()
    await write({ accessToken: 'theirs', refreshToken: 'r1' })
    expect((await Promise.all(waiting)).map(sent)).toEqual(['Bearer theirs', 'Bearer theirs'])
    expect(signals.map((signal) => signal?.aborted)).toEqual([true])
    free()
    await settled()
    expect(scripted.calls()).toBe(0)
    expect(events.renewalFailed).toEqual([])
    expect(await store.getToken('me')).toMatchObject({ accessToken: 'theirs' })
  })

  it('goes on waiting if what was stored has expired', async () => {
    const { manager, clock, write, free } = await queued()
    const waiting = authorize(manager)
    await settled()
    await write({ accessToken: 'old', refreshToken: 'r1', expiresAt: clock.now() - 1 })
    free()
    expect(sent(await waiting)).toBe('Bearer a1')
  })

  it('is ended by a sign-out here, whatever is stored then', async () => {
    const { manager, write, free } = await queued()
    const waiting = failure(authorize(manager))
    await settled()
    await manager.signOut()
    await write({ accessToken: 'theirs', refreshToken: 'r1' })
    free()
    expect(await waiting).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(manager.state.status).toBe('signedOut')
  })

  it('takes what was stored if the lock is granted at the same time', async () => {
    const { manager, scripted, write, free } = await queued()
    const waiting = authorize(manager)
    await settled()
    const later = write({ accessToken: 'theirs', refreshToken: 'r1' })
    free() // at the same time
    await later
    expect(sent(await waiting)).toBe('Bearer theirs')
    expect(scripted.calls()).toBe(0)
  })
})

it('a lock that fails with its own error makes renewals unavailable, with a cool-down', async () => {
  let locks = 0
  const lock = () => {
    locks += 1
    return Promise.reject(new LatchkeyError('ERR_REDIS_DOWN', 'down'))
  }
  const { manager } = harness({ store: { ...memoryStore(), lock } })
  for (let n = 0; n < 5; n += 1) {
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
  }
  expect(locks).toBe(1)
})
