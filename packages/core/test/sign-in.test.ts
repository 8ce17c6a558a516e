import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { memoryStore, type TokenStore } from '../src/index.ts'
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

/** A manager on a store in which another process signs in. The store reports that at once. */
function shared() {
  const { store, tell } = watchedStore()
  const made = harness({ store, name: 'me' })
  return {
    ...made,
    store,
    async signInElsewhere(accessToken: string) {
      const changed = next(made.manager, 'changed')
      store.setToken({ accessToken }, 'me')
      tell()
      await changed
    },
  }
}

const of = (sub: string, jti = 1) => jwt({ sub, jti })

describe('a sign-in elsewhere', () => {
  it('of the same user continues the session: a late 401 is sent again', async () => {
    const { manager, scripted, signInElsewhere } = shared()
    await manager.setTokens({ accessToken: of('ada') })
    const first = await authorize(manager)
    await signInElsewhere(of('ada', 2))
    expect(sent(await manager.recover(first, answer(401)))).toBe(`Bearer ${of('ada', 2)}`)
    expect(scripted.calls()).toBe(0)
  })

  it('of an unknown user continues the session', async () => {
    const { manager, signInElsewhere } = shared()
    await manager.setTokens({ accessToken: 'opaque' })
    const first = await authorize(manager)
    await signInElsewhere(of('ada'))
    const second = await authorize(manager)
    expect(sent(await manager.recover(first, answer(401)))).toBe(`Bearer ${of('ada')}`)
    await signInElsewhere('opaque-again')
    expect(sent(await manager.recover(second, answer(401)))).toBe('Bearer opaque-again')
  })

  it('of another user, after a sign-in here, is a third session', async () => {
    const { manager, store, signInElsewhere } = shared()
    store.setToken({ accessToken: of('ada') }, 'me')
    const first = await authorize(manager)
    await manager.setTokens({ accessToken: of('bob') })
    await signInElsewhere(of('eve'))
    const response = answer(401)
    expect(await manager.recover(first, response)).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
  })
})

describe('a request that waits', () => {
  it('for the renewal of a session is not sent as the user who signs in meanwhile', async () => {
    const { manager, scripted, clock } = await signedIn()
    scripted.answer(() => new Promise(() => undefined))
    clock.pass(3_600_000)
    const waiting = failure(authorize(manager))
    await scripted.asked(2)
    await manager.setTokens({ accessToken: 'b' })
    expect(await waiting).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
  })

  it('for a first sign-in accepts a later one instead, but not after a sign-out', async () => {
    const one = harness()
    const served = authorize(one.manager)
    await one.scripted.asked()
    await one.manager.setTokens({ accessToken: 'b' })
    expect(sent(await served)).toBe('Bearer b')

    const two = harness()
    const refused = failure(authorize(two.manager))
    await two.scripted.asked()
    void two.manager.signOut()
    void two.manager.setTokens({ accessToken: 'b' })
    expect(await refused).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  })
})

it('a grant that asks its own manager to renew receives an error instead of hanging', async () => {
  let error: unknown
  const { manager } = harness({
    grants: [
      {
        name: 'recursive',
        async request() {
          error = await failure(manager.refresh())
          return { accessToken: 'a' }
        },
      },
    ],
  })
  await authorize(manager)
  expect(error).toMatchObject({ code: 'ERR_RENEWAL_RECURSION' })
})

describe('a token passed to setTokens()', () => {
  it('expires at its exp, not a whole life from now', async () => {
    const { manager, scripted, clock } = harness()
    scripted.answerTokens()
    const iat = clock.now() / 1000 - 3_300
    await manager.setTokens({ accessToken: jwt({ iat, exp: iat + 3_600 }) })
    clock.pass(300_000)
    expect(sent(await authorize(manager))).toBe('Bearer a1')
  })

  it('expires at its exp even if its iat is in the future', async () => {
    const { manager, clock } = harness()
    const iat = clock.now() / 1000 + 100
    await manager.setTokens({ accessToken: jwt({ iat, exp: iat + 1 }) })
    expect((await manager.getTokens()).expiresAt).toBe((iat + 1) * 1000)
  })

  it('serves the requests that waited for a first sign-in', async () => {
    const { manager, scripted } = harness()
    const waiting = manager.authorize(request())
    await scripted.asked()
    await manager.setTokens({ accessToken: 'b' })
    expect(sent(await waiting)).toBe('Bearer b')
  })
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

it('a refresh() after a sign-out whose store lock fails is announced as unavailable', async () => {
  const lock = () => Promise.reject(new Error('no lock'))
  const { manager, events } = harness({ store: { ...memoryStore(), lock } })
  await manager.signOut()
  expect(await failure(manager.refresh())).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
  expect(events.renewalFailed).toMatchObject([{ outcome: 'unavailable' }])
})

describe('a request that began before the store was read', () => {
  /** A store of `ada` whose first read takes until `answer()`. */
  function slowStore() {
    const { promise, resolve } = Promise.withResolvers<void>()
    const inner = memoryStore()
    void inner.setToken({ accessToken: of('ada') }, 'me')
    const getToken: TokenStore['getToken'] = async (name) => {
      const seen = await inner.getToken(name)
      await promise
      return seen
    }
    return { store: { ...inner, getToken }, answer: resolve }
  }

  it('is not sent as the user who has signed in since, if the store had a session', async () => {
    const { store, answer: read } = slowStore()
    const { manager } = harness({ store, name: 'me' })
    const waiting = failure(manager.authorize(request()))
    await settled()
    const signingIn = manager.setTokens({ accessToken: of('bob') })
    await settled()
    read()
    expect(await waiting).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    await signingIn
    expect(sent(await authorize(manager))).toBe(`Bearer ${of('bob')}`)
  })
})
