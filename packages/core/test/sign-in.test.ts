import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { memoryStore, type TokenStore } from '../src/index.ts'
import {
  answer,
  authorize,
  failure,
  harness,
  jwt,
  sent,
  settled,
  signedIn,
} from './support/harness.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A store in which somebody else signs in, which it tells at once. */
function sharedStore() {
  const inner = memoryStore()
  let tell = () => undefined as void
  const subscribe: TokenStore['subscribe'] = (_name, listener) => {
    tell = listener
    return () => undefined
  }
  return {
    store: { ...inner, subscribe },
    async signInElsewhere(accessToken: string) {
      await inner.setToken({ accessToken }, 'me')
      tell()
      await settled()
    },
  }
}

const of = (sub: string, jti = 1) => jwt({ sub, jti })

describe('a sign-in elsewhere', () => {
  it('of the same user goes on with the session: a late 401 is sent again', async () => {
    const { store, signInElsewhere } = sharedStore()
    const { manager, scripted } = harness({ store, name: 'me' })
    await manager.setTokens({ accessToken: of('ada') })
    const first = await authorize(manager)
    await signInElsewhere(of('ada', 2))
    expect(sent(await manager.recover(first, answer(401)))).toBe(`Bearer ${of('ada', 2)}`)
    expect(scripted.calls()).toBe(0)
  })

  it('of nobody knows whom goes on with the session', async () => {
    const { store, signInElsewhere } = sharedStore()
    const { manager } = harness({ store, name: 'me' })
    await manager.setTokens({ accessToken: 'opaque' })
    const first = await authorize(manager)
    await signInElsewhere(of('ada'))
    const second = await authorize(manager)
    expect(sent(await manager.recover(first, answer(401)))).toBe(`Bearer ${of('ada')}`)
    await signInElsewhere('opaque-again')
    expect(sent(await manager.recover(second, answer(401)))).toBe('Bearer opaque-again')
  })

  it('of another user, after one here, is a third session', async () => {
    const { store, signInElsewhere } = sharedStore()
    await store.setToken({ accessToken: of('ada') }, 'me')
    const { manager } = harness({ store, name: 'me' })
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
    await settled()
    await manager.setTokens({ accessToken: 'b' })
    expect(await waiting).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
  })

  it('for a first sign-in takes the one that comes instead, but not after a sign-out', async () => {
    const one = harness()
    const served = authorize(one.manager)
    await settled()
    await one.manager.setTokens({ accessToken: 'b' })
    expect(sent(await served)).toBe('Bearer b')

    const two = harness()
    const refused = failure(authorize(two.manager))
    await settled()
    void two.manager.signOut()
    void two.manager.setTokens({ accessToken: 'b' })
    expect(await refused).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  })
})

it('a grant that asks its own manager to renew is told so instead of hanging', async () => {
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
