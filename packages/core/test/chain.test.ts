import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  apiToken,
  GrantRejectedError,
  LatchkeyError,
  memoryStore,
  type TokenStore,
} from '../src/index.ts'
import {
  answer,
  authorize,
  failure,
  harness,
  next,
  ORIGIN,
  request,
  sent,
  settled,
  signedIn,
} from './support/harness.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const later = (seconds: string) =>
  Object.assign(new Error('busy'), {
    response: { headers: new Headers({ 'retry-after': seconds }) },
  })

describe('a grant that is unavailable', () => {
  it.each([
    ['', {}],
    [', also when it asks for no wait at all', { retryAfterMs: 0 }],
  ])('is asked again after 200 ms and after 400 more%s', async (_, more) => {
    const { manager, scripted } = harness()
    scripted.answer(() => Object.assign(new Error('down'), more))
    const waiting = failure(authorize(manager))
    await scripted.asked()
    for (const [ms, calls] of [
      [199, 1],
      [1, 2],
      [399, 2],
      [1, 3],
    ] as const) {
      await vi.advanceTimersByTimeAsync(ms)
      expect(scripted.calls()).toBe(calls)
    }
    expect(await waiting).toMatchObject({
      message:
        '"refresh token" is unavailable (down). The session is kept; a later request tries again.',
      cause: { message: 'down' },
    })
  })

  it('is not asked again after the time limit, even if it was reached during a pause', async () => {
    const { manager, scripted } = harness({ renewTimeoutMs: 300 })
    scripted.answer(() => new Error('down'))
    const waiting = failure(authorize(manager))
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await waiting).toMatchObject({
      code: 'ERR_RENEWAL_TIMEOUT',
      message:
        'The renewal took longer than 300 ms. The session is kept; a later request tries again.',
    })
    expect(scripted.calls()).toBe(2)
  })

  it('is waited for if its Retry-After is at most five seconds', async () => {
    const { manager, scripted } = harness()
    scripted.answer((call) => (call === 1 ? later('5') : { accessToken: 'a' }))
    const waiting = authorize(manager)
    await vi.advanceTimersByTimeAsync(5_200)
    expect(sent(await waiting)).toBe('Bearer a')
  })

  it('with a Retry-After leaves no timer after the time limit', async () => {
    const { manager, scripted } = harness({ renewTimeoutMs: 1_000 })
    scripted.answer(() => later('5'))
    const waiting = failure(authorize(manager))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await waiting).toMatchObject({ code: 'ERR_RENEWAL_TIMEOUT' })
    expect(vi.getTimerCount()).toBe(0)
    expect(scripted.calls()).toBe(1)
  })
})

describe('a refresh token that the answer does not replace', () => {
  it('stays, and so does the instant of its expiry', async () => {
    const { manager, scripted, clock } = harness()
    const refreshExpiresAt = clock.now() + 86_400_000
    await manager.setTokens({ accessToken: 'a0', refreshToken: 'r0', refreshExpiresAt })
    scripted.answer(() => ({ accessToken: 'a1' }))
    expect({ ...(await manager.refresh()) }).toStrictEqual({
      accessToken: 'a1',
      refreshToken: 'r0',
      refreshExpiresAt,
    })
  })

  it('stays without an instant of expiry if the server named none', async () => {
    const { manager, scripted } = harness()
    await manager.setTokens({ accessToken: 'a0', refreshToken: 'r0' })
    scripted.answer(() => ({ accessToken: 'a1' }))
    expect({ ...(await manager.refresh()) }).toStrictEqual({
      accessToken: 'a1',
      refreshToken: 'r0',
    })
  })
})

describe('a grant', () => {
  it("receives the manager's fetch option, or else the current global fetch", async () => {
    const own = vi.fn<typeof fetch>()
    const mine = harness({ fetch: own })
    mine.scripted.answerTokens()
    await authorize(mine.manager)
    expect(mine.scripted.contexts[0]?.fetch).toBe(own)

    const { manager, scripted } = harness()
    scripted.answerTokens()
    await authorize(manager)
    const response = new Response('later')
    const global = vi.fn<typeof fetch>(() => Promise.resolve(response))
    vi.stubGlobal('fetch', global)
    const init = { method: 'POST' }
    expect(await scripted.contexts[0]?.fetch(ORIGIN, init)).toBe(response)
    expect(global).toHaveBeenCalledWith(ORIGIN, init)
  })

  it('in a runtime without async context makes other requests wait as usual', async () => {
    vi.stubGlobal('process', {})
    const { manager, scripted } = harness()
    const first = manager.authorize(request())
    await scripted.asked()
    const second = manager.authorize(request())
    scripted.settle({ accessToken: 'a' })
    expect([sent(await first), sent(await second)]).toEqual(['Bearer a', 'Bearer a'])
    expect(scripted.calls()).toBe(1)
  })

  it('of an API token is announced by that name, and its token is never stored', async () => {
    const setToken = vi.fn<() => void>()
    const store = { ...memoryStore(), setToken }
    const { manager, events } = harness({ store, grants: [apiToken('secret')] })
    expect(sent(await authorize(manager))).toBe('Bearer secret')
    expect(events.renewed).toMatchObject([{ grant: 'API token', generation: 1 }])
    expect(setToken).not.toHaveBeenCalled()
  })

  it('that returned a token is announced with the duration', async () => {
    const { manager, scripted, clock, events } = harness()
    const waiting = authorize(manager)
    await scripted.asked()
    clock.pass(250)
    scripted.settle({ accessToken: 'a' })
    await waiting
    const at = clock.now()
    expect(events.renewed).toEqual([{ at, generation: 1, grant: 'refresh token', durationMs: 250 }])
  })
})

describe('a chain that is exhausted', () => {
  it('has the grant’s rejection as its cause', async () => {
    const { manager, scripted } = harness()
    const no = new GrantRejectedError('revoked')
    scripted.answer(() => no)
    expect(await failure(authorize(manager))).toMatchObject({
      code: 'ERR_SIGN_IN_REQUIRED',
      message: 'revoked Tried: refresh token (rejected). Sign in again.',
      cause: no,
    })
  })

  it('without a rejection has no cause, and is not a failed renewal', async () => {
    const { manager, scripted, events } = harness()
    scripted.answer(() => undefined)
    const error = await failure(authorize(manager))
    expect(error).toMatchObject({
      code: 'ERR_SIGN_IN_REQUIRED',
      message:
        'The manager has no valid token and cannot obtain one. Tried: refresh token (does not apply). Sign in again.',
    })
    expect('cause' in error).toBe(false)
    expect(events.renewalFailed).toEqual([])
  })

  it('names why a grant does not apply, if the grant has a reason', async () => {
    const none = { request: () => Promise.resolve(undefined) }
    const grants = [
      { name: 'refresh token', missing: 'there is none', ...none },
      { name: 'sign-in', ...none },
    ]
    const { message } = await failure(authorize(harness({ grants }).manager))
    expect(message).toContain('refresh token (there is none), sign-in (does not apply). ')
  })

  it('ahead of expiry is one rejected renewal, not an unavailable one as well', async () => {
    const { manager, scripted, clock, events } = await signedIn()
    scripted.answer(() => new GrantRejectedError('no'))
    clock.pass(3_540_000)
    const failed = next(manager, 'renewalFailed')
    await authorize(manager)
    await failed
    await settled()
    expect(events.renewalFailed).toMatchObject([{ outcome: 'rejected' }])
  })

  it('ends a session that was only in memory, and announces it', async () => {
    const store = memoryStore()
    const { manager, scripted, events } = await signedIn({ store, name: 'me' })
    const first = await authorize(manager)
    await store.removeToken('me')
    scripted.answer(() => undefined)
    await manager.recover(first, answer(401))
    expect(events.signedOut).toMatchObject([{ reason: 'rejected' }])
  })

  it('ends a session that was only in the store, and announces it', async () => {
    const store = memoryStore()
    const { manager, scripted, clock, events } = harness({ store, name: 'me' })
    scripted.answer(() => undefined)
    await failure(authorize(manager))
    await store.setToken({ accessToken: 'old', expiresAt: clock.now() - 1 }, 'me')
    await failure(authorize(manager))
    expect(events.signedOut).toMatchObject([{ reason: 'rejected' }])
    expect(await store.getToken('me')).toBeUndefined()
  })
})

it('during a cool-down the store is not read and no renewal starts', async () => {
  const store = memoryStore()
  const getToken = vi.fn<TokenStore['getToken']>(store.getToken)
  const { manager, scripted, clock } = await signedIn({ store: { ...store, getToken } })
  scripted.answer(
    () => new LatchkeyError('ERR_RENEWAL_UNAVAILABLE', 'down', { retryAfterMs: 90_000 }),
  )
  clock.pass(3_540_000)
  await authorize(manager)
  await vi.advanceTimersByTimeAsync(2_000)
  const reads = getToken.mock.calls.length
  const calls = scripted.calls()
  void manager.authorize(request())
  expect(vi.getTimerCount()).toBe(0)
  clock.pass(60_000)
  expect(await failure(authorize(manager))).toMatchObject({ retryAfterMs: 90_000 })
  expect([getToken.mock.calls.length, scripted.calls()]).toEqual([reads, calls])
})
