import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  apiToken,
  GrantRejectedError,
  headerScheme,
  LatchkeyError,
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
  request,
  sent,
  settled,
  signedIn,
} from './support/harness.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HOUR = 3_600_000

/** A store that tells of changes, and whose writes take their time. */
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
  it('is seen also by a session that was handed over and has not expired yet', async () => {
    const { inner, store, tell } = tellingStore()
    const { manager, events } = harness({ store, name: 'me' })
    const handed = manager.setTokens({ accessToken: 'a' })
    await vi.advanceTimersByTimeAsync(0)
    await handed
    await inner.removeToken('me')
    tell()
    await settled()
    expect(events.signedOut).toMatchObject([{ reason: 'elsewhere' }])
  })
})

describe('the store', () => {
  it('is read only after what we are writing has landed', async () => {
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

  it('that cannot be listened to is announced, and costs no request', async () => {
    const subscribe = () => {
      throw new Error('storage is denied')
    }
    const { manager, scripted, events } = harness({ store: { ...memoryStore(), subscribe } })
    scripted.answerTokens()
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    expect(events.storeFailed).toMatchObject([{ operation: 'subscribe' }])
  })

  it('that holds an expired session after a sign-in elsewhere lends its refresh token', async () => {
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
  it('is taken over, but no request of the old user is sent again with it', async () => {
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

describe('a request that was being signed while another user signed in', () => {
  it('is not sent any more', async () => {
    let sign = () => undefined as void
    const scheme = {
      name: 'slow',
      headers: async ({ accessToken }: TokenSet) => {
        await new Promise<void>((resolve) => (sign = resolve))
        return { authorization: `Bearer ${accessToken}` }
      },
    }
    const { manager } = harness({ scheme })
    await manager.setTokens({ accessToken: 'a' })
    const signing = manager.authorize(request())
    await manager.setTokens({ accessToken: 'b' })
    sign()
    expect(await failure(signing)).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
  })
})

describe('a token handed over', () => {
  it('expires when it says, not a whole life from now', async () => {
    const { manager, scripted, clock } = harness()
    scripted.answerTokens()
    const iat = clock.now() / 1000 - 3_300
    await manager.setTokens({ accessToken: jwt({ iat, exp: iat + 3_600 }) })
    clock.pass(300_000)
    expect(sent(await authorize(manager))).toBe('Bearer a1')
  })

  it('expires when it says also where it shows no life: issued, it says, in the future', async () => {
    const { manager, clock } = harness()
    const iat = clock.now() / 1000 + 100
    await manager.setTokens({ accessToken: jwt({ iat, exp: iat + 1 }) })
    expect((await manager.getTokens()).expiresAt).toBe((iat + 1) * 1000)
  })

  it('serves whoever waited for a first sign-in', async () => {
    const { manager } = harness()
    const waiting = manager.authorize(request())
    await settled()
    await manager.setTokens({ accessToken: 'b' })
    expect(sent(await waiting)).toBe('Bearer b')
  })
})

describe('a permanent token', () => {
  it('is never renewed, not even a JWT that says it has expired', async () => {
    const { manager, clock, events } = harness({ grants: [apiToken(jwt({ iat: 1, exp: 2 }))] })
    await authorize(manager)
    clock.pass(24 * HOUR)
    await authorize(manager)
    await settled()
    expect(events.renewed).toHaveLength(1)
  })
})

describe('a judgement of isTokenRejected', () => {
  it('that is no boolean counts as what it is worth', async () => {
    const verdicts: unknown[] = [null, undefined, 0, '', 'yes']
    const { manager, scripted } = harness({ isTokenRejected: () => verdicts.shift() as boolean })
    scripted.answerTokens()
    const first = await authorize(manager)
    for (let n = 0; n < 4; n += 1) expect(await manager.recover(first, answer(401))).toBeUndefined()
    expect(sent(await manager.recover(first, answer(401)))).toBe('Bearer a2')
  })
})

it('a header of the caller needs no session, in a scheme of its own too', async () => {
  const { manager, scripted } = harness({ scheme: headerScheme('X-Api-Key') })
  const headers = new Headers({ 'x-api-key': 'mine' })
  expect((await manager.authorize({ ...request(), headers })).generation).toBe(0)
  expect(scripted.calls()).toBe(0)
})

it('a scheme that fails to sign the replay is told as such', async () => {
  let isBroken = false
  const headers = () => {
    if (isBroken) throw new Error('no key')
    return { authorization: 'Bearer a' }
  }
  const { manager, scripted, events } = harness({ scheme: { name: 'broken', headers } })
  scripted.answerTokens()
  const first = await authorize(manager)
  isBroken = true
  const response = answer(401)
  expect(await manager.recover(first, response)).toBeUndefined()
  expect(manager.explain(response)).toMatchObject({
    code: 'ERR_SCHEME_FAILED',
    message:
      'The scheme could not turn the token into headers, so the request was not sent (or not replayed).',
    cause: { message: 'no key' },
  })
  expect(events.retried).toEqual([])
})

it.each([
  ['throws', () => Promise.reject(new Error('a1 is no key'))],
  ['gives what no header can carry', () => ({ 'x-token': 'a1\nv=1' })],
  ['gives a list of that', () => [['x-token', 'a1\nv=1']] as [string, string][]],
])('a scheme that %s sends nothing, and shows no token', async (_, headers) => {
  const { manager, scripted } = harness({ scheme: { name: 'broken', headers } })
  scripted.answerTokens()
  const error = await failure(authorize(manager))
  expect(error).toMatchObject({ code: 'ERR_SCHEME_FAILED' })
  expect(inspect(error)).not.toMatch(/\ba1\b/)
})

it('a server that refuses every fresh token is asked ever more rarely, down to once a minute', async () => {
  const { manager, scripted, clock } = harness()
  scripted.answerTokens()
  const asked: number[] = []
  for (let second = 0; second < 300; second += 1) {
    const before = scripted.calls()
    const next = await manager.recover(await authorize(manager), answer(401))
    if (next) await manager.recover(next, answer(401))
    if (scripted.calls() > before) asked.push(second)
    clock.pass(1_000)
  }
  expect(asked).toEqual([0, 2, 6, 14, 30, 62, 122, 182, 242])
})

it('a server that took a token in between is asked again as soon as at first', async () => {
  const { manager, scripted, clock } = harness()
  scripted.answerTokens()
  const refuse = async () => {
    const next = await manager.recover(await authorize(manager), answer(401))
    if (next) await manager.recover(next, answer(401))
  }
  await refuse()
  clock.pass(2_000)
  await manager.recover(await authorize(manager), answer(401)) // its replay is a success
  const before = scripted.calls()
  await refuse()
  clock.pass(2_000)
  await refuse()
  expect(scripted.calls()).toBe(before + 2)
})

it('a refresh() that fails leaves a sign-out in force', async () => {
  const { manager, scripted } = await signedIn()
  await manager.signOut()
  scripted.answer(() => undefined)
  await failure(manager.refresh())
  scripted.answerTokens()
  expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  await manager.refresh()
  expect(sent(await authorize(manager))).toMatch(/^Bearer a/)
})

it('a refresh() that is unavailable after a sign-out says so in our words, and is announced', async () => {
  const lock = () => Promise.reject(new Error('no lock'))
  const { manager, events } = harness({ store: { ...memoryStore(), lock } })
  await manager.signOut()
  expect(await failure(manager.refresh())).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
  expect(events.renewalFailed).toMatchObject([{ outcome: 'unavailable' }])
})

it('a sign-out before the store was ever read announces the session it ends', async () => {
  const store = memoryStore()
  await store.setToken({ accessToken: 'stored' }, 'me')
  const { manager, events } = harness({ store, name: 'me' })
  expect(await manager.signOut()).toEqual({ accessToken: 'stored' })
  expect(events.signedOut).toHaveLength(1)
})

it('a lock that fails with an error of its own is unavailable, with a cool-down', async () => {
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
