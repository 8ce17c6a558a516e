import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GrantRejectedError, memoryStore } from '../src/index.ts'
import {
  answer,
  authorize,
  failure,
  harness,
  next,
  request,
  scriptedGrant,
  sent,
  settled,
  signedIn,
} from './support/harness.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe('ahead of expiry', () => {
  it('a request goes out with the valid token while the renewal runs in the background', async () => {
    const { manager, scripted, clock } = await signedIn()
    scripted.answer(() => ({ accessToken: 'a2' }))
    clock.pass(HOUR - MINUTE - 1)
    await authorize(manager)
    expect(scripted.calls()).toBe(1)
    clock.pass(1)
    const authorization = manager.authorize(request())
    const renewed = next(manager, 'renewed')
    expect(authorization).not.toBeInstanceOf(Promise)
    expect(sent(await authorization)).toBe('Bearer a1')
    await renewed
    expect(scripted.calls()).toBe(2)
    expect(sent(await authorize(manager))).toBe('Bearer a2')
  })

  it('many requests start one renewal', async () => {
    const { manager, scripted, clock } = await signedIn()
    scripted.answer(() => new Promise(() => undefined))
    clock.pass(HOUR - 1_000)
    for (let n = 0; n < 20; n += 1) await authorize(manager)
    await settled()
    expect(scripted.calls()).toBe(2)
  })

  it('the window is at most a fifth of the life: a 10-second token is not renewed on every call', async () => {
    const { manager, scripted, clock } = harness()
    scripted.answerTokens(() => ({ expiresAt: clock.now() + 10_000 }))
    await authorize(manager)
    clock.pass(7_999)
    await authorize(manager)
    await settled()
    expect(scripted.calls()).toBe(1)
    clock.pass(1)
    await authorize(manager)
    await scripted.asked(2)
  })

  it('an unavailable server is asked again only after a cool-down, and no request waits', async () => {
    const { manager, scripted, clock, events } = await signedIn()
    scripted.answer(() => new Error('down'))
    clock.pass(HOUR - MINUTE)
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(events.renewalFailed).toMatchObject([{ outcome: 'unavailable' }])
    const calls = scripted.calls()
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    await settled()
    expect(scripted.calls()).toBe(calls)
    clock.pass(2_000)
    await authorize(manager)
    await scripted.asked(calls + 1)
  })

  it('a rejection keeps the valid token in use until it expires, then ends the session', async () => {
    const { manager, scripted, clock, events } = await signedIn()
    scripted.answer(() => new GrantRejectedError('no'))
    clock.pass(HOUR - MINUTE)
    const failed = next(manager, 'renewalFailed')
    await authorize(manager)
    await failed
    await settled()
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    expect(events.signedOut).toEqual([])
    clock.pass(MINUTE)
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(events.signedOut).toMatchObject([{ reason: 'rejected' }])
  })

  it('leaves no timer behind that keeps a process alive', async () => {
    await signedIn()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('an expired token', () => {
  it('is not sent: requests wait for its successor', async () => {
    const { manager, scripted, clock } = await signedIn()
    scripted.answer(() => ({ accessToken: 'a2' }))
    clock.pass(HOUR)
    expect(sent(await authorize(manager))).toBe('Bearer a2')
  })

  it('passes its refresh token to the grant, and keeps it if the answer has none', async () => {
    const { manager, scripted, clock } = await signedIn()
    scripted.answer(() => ({ accessToken: 'a2' }))
    clock.pass(HOUR)
    expect(await manager.getTokens()).toEqual({ accessToken: 'a2', refreshToken: 'r1' })
    expect(scripted.contexts[1]?.tokens).toMatchObject({ refreshToken: 'r1' })
  })
})

describe('an unavailable renewal', () => {
  it('is tried again with a backoff, and the third attempt’s success serves all requests', async () => {
    const { manager, scripted } = harness()
    scripted.answer((call) => (call < 3 ? new Error('down') : { accessToken: 'a' }))
    const waiters = Promise.all([authorize(manager), authorize(manager)])
    await vi.advanceTimersByTimeAsync(1_000)
    expect((await waiters).map(sent)).toEqual(['Bearer a', 'Bearer a'])
    expect(scripted.calls()).toBe(3)
  })

  it("keeps the session: the 401 is the caller's, with the reason", async () => {
    const { manager, scripted, events } = await signedIn()
    scripted.answer(() => new Error('down'))
    const response = answer(401)
    const recovering = manager.recover(await authorize(manager), response)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await recovering).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
    expect(events.signedOut).toEqual([])
    expect(sent(await authorize(manager))).toBe('Bearer a1')
  })

  it('rejects all its waiters with one error, and the next requests at once during the cool-down', async () => {
    const { manager, scripted, clock, events } = harness()
    scripted.answer(() => new Error('down'))
    const waiters = Promise.allSettled(Array.from({ length: 50 }, () => authorize(manager)))
    await vi.advanceTimersByTimeAsync(2_000)
    const results = await waiters
    expect(results.every((result) => result.status === 'rejected')).toBe(true)
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
    expect(scripted.calls()).toBe(3)
    expect(events.renewalFailed).toHaveLength(1)
    clock.pass(2_000)
    scripted.answer(() => ({ accessToken: 'back' }))
    expect(sent(await authorize(manager))).toBe('Bearer back')
  })

  it.each([
    ['with a refresh token is asked once', { refreshToken: 'r0' }, 1],
    ['without one is asked three times', {}, 3],
  ])('whose answer was lost %s', async (_, more, calls) => {
    const store = memoryStore()
    await store.setToken({ accessToken: 'a0', expiresAt: 1, ...more }, 'me')
    const { manager, scripted, events } = harness({ store, name: 'me' })
    scripted.answer(() => new TypeError('fetch failed'))
    const waiting = failure(authorize(manager))
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await waiting).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
    expect([scripted.calls(), events.signedOut]).toEqual([calls, []])
  })

  it('with a refresh token is asked three times when it was answered', async () => {
    const { manager, scripted } = await signedIn()
    scripted.answer(() => new Error('The server answered 503.'))
    const waiting = failure(manager.refresh())
    await vi.advanceTimersByTimeAsync(2_000)
    await waiting
    expect(scripted.calls()).toBe(4) // the sign-in, and three times
  })

  it('does not ask the next grant, which might start a new session', async () => {
    const refresh = scriptedGrant('refresh token')
    const password = scriptedGrant('password')
    refresh.answer(() => new Error('down'))
    const { manager } = harness({ grants: [refresh.grant, password.grant] })
    const waiting = failure(authorize(manager))
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await waiting).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
    expect(password.calls()).toBe(0)
  })

  it.each([
    [{}],
    [{ accessToken: '' }],
    [{ accessToken: 5 }],
    [{ accessToken: 'a\nb' }],
    [null],
    ['a'],
  ])('is the result of the answer %j', async (tokens) => {
    const { manager, scripted } = harness()
    scripted.answer(() => tokens as never)
    const waiting = failure(authorize(manager))
    await vi.advanceTimersByTimeAsync(2_000)
    const error = await waiting
    expect(error).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
    expect(error.cause).toMatchObject({ code: 'ERR_UNUSABLE_TOKEN' })
  })

  it('waits for a short Retry-After, and leaves a long one to the cool-down', async () => {
    const later = (seconds: string) =>
      Object.assign(new Error('busy'), {
        response: { headers: new Headers({ 'retry-after': seconds }) },
      })
    const { manager, scripted, clock } = harness()
    scripted.answer((call) =>
      call === 1 ? later('3') : call === 2 ? later('30') : { accessToken: 'a' },
    )
    const waiting = failure(authorize(manager))
    await vi.advanceTimersByTimeAsync(2_900)
    expect(scripted.calls()).toBe(1)
    await vi.advanceTimersByTimeAsync(500)
    expect(await waiting).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE', retryAfterMs: 30_000 })
    clock.pass(29_999)
    await failure(authorize(manager))
    expect(scripted.calls()).toBe(2)
    clock.pass(1)
    expect(sent(await authorize(manager))).toBe('Bearer a')
  })

  it('of a grant that throws at once does not stop the next renewal', async () => {
    const grant = {
      name: 'broken',
      request: () => {
        throw new TypeError('bug')
      },
    }
    const { manager, clock } = harness({ grants: [grant] })
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
    clock.pass(2_000)
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
  })
})

describe('a renewal that never answers', () => {
  it('ends after renewTimeoutMs, keeps the session, and the next one may try', async () => {
    const { manager, scripted, clock, events } = harness({ renewTimeoutMs: 5_000 })
    const waiting = failure(authorize(manager))
    await vi.advanceTimersByTimeAsync(5_000)
    const error = await waiting
    expect(error).toMatchObject({ code: 'ERR_RENEWAL_TIMEOUT' })
    expect(scripted.contexts[0]?.signal.aborted).toBe(true)
    expect(events.renewalFailed).toMatchObject([{ outcome: 'unavailable', error }])
    expect(await failure(authorize(manager))).toBe(error) // during the cool-down
    clock.pass(2_000)
    const second = manager.authorize(request())
    await scripted.asked(2)
    scripted.settle(undefined)
    scripted.settle({ accessToken: 'a2' })
    expect(sent(await second)).toBe('Bearer a2')
  })

  it('until after its time limit is still stored, because its refresh token may be the only valid one', async () => {
    const { manager, scripted } = harness({ renewTimeoutMs: 5_000 })
    const waiting = failure(authorize(manager))
    await vi.advanceTimersByTimeAsync(5_000)
    await waiting
    const renewed = next(manager, 'renewed')
    scripted.settle({ accessToken: 'late', refreshToken: 'rotated' })
    await renewed
    expect(sent(await authorize(manager))).toBe('Bearer late')
  })
})

describe('a rejected renewal', () => {
  it('is followed by the next grant, which never sees the rejected refresh token', async () => {
    const refresh = scriptedGrant('refresh token')
    const password = scriptedGrant('password')
    refresh.answer((call) =>
      call === 1 ? { accessToken: 'a1', refreshToken: 'r1' } : new GrantRejectedError('expired'),
    )
    password.answer(() => ({ accessToken: 'p1' }))
    const { manager, events } = harness({ grants: [refresh.grant, password.grant] })
    const again = await manager.recover(await authorize(manager), answer(401))
    expect(sent(again)).toBe('Bearer p1')
    expect(password.contexts[0]?.tokens).toBeUndefined()
    expect(events.renewed.map(({ grant }) => grant)).toEqual(['refresh token', 'password'])
    expect(events.signedOut).toEqual([])
  })

  it('by the whole chain clears the tokens and announces it once, for 50 waiters', async () => {
    const store = memoryStore()
    const { manager, scripted, events } = await signedIn({ store, name: 'me' })
    const sentBefore = await Promise.all(Array.from({ length: 50 }, () => authorize(manager)))
    scripted.answer(() => new GrantRejectedError('revoked'))
    const responses = sentBefore.map(() => answer(401))
    const recovered = await Promise.all(
      sentBefore.map(async (one, at) => manager.recover(one, responses[at] as never)),
    )
    expect(recovered.every((one) => one === undefined)).toBe(true)
    expect(responses.map((one) => manager.explain(one)?.code)).toEqual(
      Array(50).fill('ERR_SIGN_IN_REQUIRED'),
    )
    expect(events.signedOut).toHaveLength(1)
    expect(events.renewalFailed).toMatchObject([{ outcome: 'rejected' }])
    expect(await store.getToken('me')).toBeUndefined()
    expect(scripted.calls()).toBe(2)
  })

  it('is not tried again for each request', async () => {
    const { manager, scripted } = harness()
    scripted.answer(
      () => new GrantRejectedError('wrong password', { code: 'ERR_WRONG_CREDENTIALS' }),
    )
    for (let n = 0; n < 5; n += 1) {
      expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_WRONG_CREDENTIALS' })
    }
    expect(scripted.calls()).toBe(1)
  })

  it('is tried again by refresh(), and forgotten after a sign-in', async () => {
    const { manager, scripted } = harness()
    scripted.answer((call) => (call === 1 ? new GrantRejectedError('no') : { accessToken: 'a' }))
    await failure(authorize(manager))
    expect(await manager.refresh()).toEqual({ accessToken: 'a' })
    expect(sent(await authorize(manager))).toBe('Bearer a')
  })

  it('names the grants that were tried', async () => {
    const refresh = scriptedGrant('refresh token')
    const password = scriptedGrant('password')
    refresh.answer(() => undefined)
    password.answer(() => new GrantRejectedError('The password is wrong.'))
    const { manager } = harness({ grants: [refresh.grant, password.grant] })
    const { message } = await failure(authorize(manager))
    expect(message).toBe(
      'The password is wrong. Tried: refresh token (does not apply), password (rejected). Sign in again.',
    )
  })
})

describe('no grant that applies', () => {
  it('is an error that asks the user to sign in, and each request asks the grants again', async () => {
    const { manager, scripted, events } = harness()
    scripted.answer(() => undefined)
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    scripted.answer(() => ({ accessToken: 'a' }))
    expect(sent(await authorize(manager))).toBe('Bearer a')
    expect(events.signedOut).toEqual([])
  })
})

it('a renewal that ends after a late earlier one returns that one’s result', async () => {
  const { manager, scripted, clock } = harness({ renewTimeoutMs: 5_000 })
  const given = failure(authorize(manager))
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await given).toMatchObject({ code: 'ERR_RENEWAL_TIMEOUT' })
  clock.pass(2_000)
  const second = manager.authorize(request())
  await scripted.asked(2)
  const renewed = next(manager, 'renewed')
  scripted.settle({ accessToken: 'late', refreshToken: 'r1' })
  await renewed
  scripted.settle(new GrantRejectedError('this refresh token is spent'))
  expect(sent(await second)).toBe('Bearer late')
})
