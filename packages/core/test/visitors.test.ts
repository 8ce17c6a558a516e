import { afterEach, describe, expect, it, vi } from 'vitest'
import { GrantRejectedError, isLatchkeyError, memoryStore, type TokenSet } from '../src/index.ts'
import {
  answer,
  authorize,
  failure,
  harness,
  next,
  ORIGIN,
  sent,
  settled,
} from './support/harness.ts'
import { watchedStore } from './support/watched-store.ts'

const own = new Headers({ authorization: 'Bearer CANARY-7f3a-left' })
const request = { url: `${ORIGIN}/items`, method: 'GET' }

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

describe('whenSignedOut: send', () => {
  it('sends requests without a token if no grant applies, and asks the grants each time', async () => {
    const { manager, scripted, events } = harness({ whenSignedOut: 'send' })
    scripted.answer(() => undefined)
    expect((await authorize(manager)).generation).toBe(0)
    scripted.answerTokens()
    expect(sent(await authorize(manager))).toBe('Bearer a2')
    expect(events.renewing).toHaveLength(1) // a visitor's request renews nothing
  })

  it('sends requests without a token after a sign-out', async () => {
    const { manager, scripted } = harness({ whenSignedOut: 'send' })
    scripted.answerTokens()
    await authorize(manager)
    await manager.signOut()
    expect((await authorize(manager)).generation).toBe(0)
  })

  it('rejects if the server is unavailable or the password is wrong', async () => {
    const { manager, scripted } = harness({ whenSignedOut: 'send' })
    scripted.answer(() => new GrantRejectedError('No.', { code: 'ERR_WRONG_CREDENTIALS' }))
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_WRONG_CREDENTIALS' })
  })

  it('sends a 401 again as a visitor when the session has ended', async () => {
    const { manager, scripted } = harness({ whenSignedOut: 'send' })
    await manager.setTokens({ accessToken: 'dead' })
    scripted.answer(() => undefined)
    const first = await authorize(manager)
    const again = await manager.recover(first, answer(401))
    expect([again?.generation, again?.attempt]).toEqual([0, 2])
  })
})

it('skipAuth: true goes out without a token, waiting or renewal', async () => {
  const { manager, scripted } = harness()
  const bare = await manager.authorize({ ...request, skipAuth: true })
  expect([bare.generation, scripted.calls()]).toEqual([0, 0])
  expect(manager.recover(bare, answer(401))).toBeUndefined()
})

describe("a caller's own header", () => {
  it('is named, without its value, as the reason for the 401 that follows', async () => {
    const { manager } = harness()
    const bare = await manager.authorize({ ...request, headers: own })
    const response = answer(401)
    expect(manager.recover(bare, response)).toBeUndefined()
    const reason = manager.explain(response)
    expect(reason).toMatchObject({ code: 'ERR_OWN_CREDENTIAL' })
    expect(reason?.message).toMatch(/"authorization"/)
    expect(reason?.message).not.toMatch(/CANARY/)
  })

  it.each([
    ['development', 1],
    ['production', 0],
  ])('causes in %s %i warnings', async (mode, times) => {
    vi.stubEnv('NODE_ENV', mode)
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const { manager } = harness()
    for (let turn = 0; turn < 3; turn += 1) await manager.authorize({ ...request, headers: own })
    expect(warn).toHaveBeenCalledTimes(times)
    expect(warn.mock.calls.join()).not.toMatch(/CANARY/)
  })
})

describe('tokens in an ordinary answer', () => {
  const handing = (accessToken: string) => ({
    tokensFrom: () => ({ accessToken, expiresAt: 4e12 }),
  })

  it('are used and stored from then on', async () => {
    const { store, after } = watchedStore()
    const { manager } = harness({ store, name: 'me', ...handing('next') })
    await manager.setTokens({ accessToken: 'first', refreshToken: 'r' })
    const stored = after('setToken')
    void manager.recover(await authorize(manager), answer(200))
    expect(sent(await authorize(manager))).toBe('Bearer next')
    await stored
    expect(await store.getToken('me')).toMatchObject({ accessToken: 'next', refreshToken: 'r' })
  })

  it('are not used while a renewal is under way, which obtains newer ones', async () => {
    const { manager, scripted, clock, events } = harness(handing('next'))
    await manager.setTokens({ accessToken: 'first', expiresAt: clock.now() + 600_000 })
    clock.pass(600_000 - 1_000)
    const authorization = await authorize(manager) // the renewal starts in the background
    void manager.recover(authorization, answer(200))
    expect(sent(await authorize(manager))).toBe('Bearer first')
    await scripted.asked()
    const renewed = next(manager, 'renewed')
    scripted.settle({ accessToken: 'renewed' })
    await renewed
    expect(sent(await authorize(manager))).toBe('Bearer renewed')
    expect(events.renewed).toHaveLength(1)
  })

  it('are not stored over a sign-out elsewhere that was not reported yet', async () => {
    const store = memoryStore()
    const { manager } = harness({ store, name: 'me', ...handing('next') })
    await manager.setTokens({ accessToken: 'first' })
    const authorization = await authorize(manager)
    await store.removeToken('me')
    void manager.recover(authorization, answer(200))
    await settled()
    expect(await store.getToken('me')).toBeUndefined()
  })

  it('are not adopted for an older token, for a request without one, or after a sign-out', async () => {
    const { manager } = harness(handing('next'))
    await manager.setTokens({ accessToken: 'first' })
    const older = await authorize(manager)
    await manager.setTokens({ accessToken: 'second' })
    void manager.recover(older, answer(200))
    void manager.recover(await manager.authorize({ ...request, skipAuth: true }), answer(200))
    const late = await authorize(manager)
    expect(sent(late)).toBe('Bearer second')
    await manager.signOut()
    void manager.recover(late, answer(200))
    expect(manager.state.status).toBe('signedOut')
  })
})

it.each([
  ['given', (tokens: TokenSet) => tokens],
  ['obtained', (tokens: TokenSet) => () => tokens],
])('a token set that is %s as expired is renewed before it is used', async (_, how) => {
  const { manager, scripted, clock } = harness()
  scripted.answerTokens()
  const expiresAt = clock.now() - 3_600_000
  await manager.setTokens(how({ accessToken: 'old', refreshToken: 'r', expiresAt }))
  expect(sent(await authorize(manager))).toBe('Bearer a1')
  await manager.setTokens(async () => ({ accessToken: 'no-life', expiresAt: clock.now() }))
  expect(sent(await authorize(manager))).toBe('Bearer no-life')
})

it('a rejection keeps the status and the body of the answer, without the tokens in it', async () => {
  const { manager, scripted } = harness()
  await manager.setTokens({ accessToken: 'a', refreshToken: 'CANARY-7f3a-refresh' })
  const body = { errors: ['no CANARY-7f3a-refresh'], n: 1 }
  scripted.answer(() => new GrantRejectedError('No.', { status: 422, body }))
  const error = await failure(manager.refresh())
  expect(error).toMatchObject({ status: 422, body: { errors: ['no [redacted]'], n: 1 } })
  expect(isLatchkeyError(error)).toBe(true)
})
