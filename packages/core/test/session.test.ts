import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Authorization } from '../src/adapter.ts'
import { LatchkeyError, memoryStore, type TokenManager } from '../src/index.ts'
import { extendManager } from '../src/service.ts'
import {
  answer,
  authorize,
  failure,
  harness,
  next,
  request,
  sent,
  settled,
  signedIn,
} from './support/harness.ts'
import { watchedStore } from './support/watched-store.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a sign-out', () => {
  it('rejects waiting requests, empties the store and rejects requests until a sign-in', async () => {
    const store = memoryStore()
    const { manager, events } = await signedIn({ store, name: 'me' })
    expect(await manager.signOut()).toMatchObject({ accessToken: 'a1' })
    expect(await store.getToken('me')).toBeUndefined()
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(events.signedOut).toMatchObject([{ reason: 'signOut' }])
    await manager.setTokens({ accessToken: 'b1' })
    expect(sent(await authorize(manager))).toBe('Bearer b1')
  })

  it('wins over a renewal that comes back after it', async () => {
    const store = memoryStore()
    const { manager, scripted } = harness({ store, name: 'me' })
    const waiting = failure(authorize(manager))
    await scripted.asked()
    await manager.signOut()
    expect(await waiting).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    scripted.settle({ accessToken: 'late' })
    await settled()
    expect(await store.getToken('me')).toBeUndefined()
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  })

  it('wins over a renewal that is just being stored', async () => {
    const inner = memoryStore()
    const [storing, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const store = {
      ...inner,
      setToken: async (tokens: never, name: string) => {
        storing.resolve()
        await released.promise
        return inner.setToken(tokens, name)
      },
    }
    const { manager, scripted } = harness({ store, name: 'me' })
    scripted.answerTokens()
    const waiting = failure(authorize(manager))
    await storing.promise
    const leaving = manager.signOut()
    released.resolve()
    await leaving
    expect(await waiting).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(await inner.getToken('me')).toBeUndefined()
  })

  it('called twice at once is announced once, and the store is empty', async () => {
    const store = memoryStore()
    const { manager, events } = await signedIn({ store, name: 'me' })
    const both = await Promise.all([manager.signOut(), manager.signOut()])
    expect(both).toEqual([expect.objectContaining({ accessToken: 'a1' }), undefined])
    expect(events.signedOut).toHaveLength(1)
    expect(await store.getToken('me')).toBeUndefined()
  })

  it('without a session announces nothing', async () => {
    const { manager, events } = harness()
    await manager.signOut()
    expect(events.signedOut).toEqual([])
  })
})

describe('another user who signs in', () => {
  it('during a renewal keeps the session, and the old request is not sent as the new user', async () => {
    const store = memoryStore()
    const { manager, scripted } = await signedIn({ store, name: 'me' })
    const first = await authorize(manager)
    scripted.answer(() => new Promise(() => undefined))
    const response = answer(401)
    const recovering = manager.recover(first, response)
    await scripted.asked(2)
    await manager.setTokens({ accessToken: 'b1' })
    expect(await recovering).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    expect(sent(await authorize(manager))).toBe('Bearer b1')
    expect(await store.getToken('me')).toEqual({ accessToken: 'b1' })
  })

  it('with an unusable token is rejected, and the session is kept', async () => {
    const { manager } = await signedIn()
    const error = await failure(manager.setTokens({ accessToken: 'a b' }))
    expect(error).toMatchObject({ code: 'ERR_UNUSABLE_TOKEN' })
    expect(sent(await authorize(manager))).toBe('Bearer a1')
  })
})

describe('a grant that uses the registered client', () => {
  it('sends its request unchanged instead of waiting for itself', async () => {
    const inner: number[] = []
    const { manager } = harness({
      grants: [
        {
          name: 'recursive',
          async request() {
            await Promise.resolve()
            inner.push((await authorize(manager, '/refresh')).generation)
            return { accessToken: 'a' }
          },
        },
      ],
    })
    expect(sent(await authorize(manager))).toBe('Bearer a')
    expect(inner).toEqual([0])
  })

  it('is recognised by its signal without async context', async () => {
    const inner: number[] = []
    vi.stubGlobal('process', undefined)
    try {
      const { manager } = harness({
        grants: [
          {
            name: 'recursive',
            async request({ signal }) {
              inner.push((await manager.authorize({ ...request(), signal })).generation)
              return { accessToken: 'a' }
            },
          },
        ],
      })
      expect(sent(await authorize(manager))).toBe('Bearer a')
      expect(inner).toEqual([0])
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('and asks its own manager for a token receives an error instead of hanging', async () => {
    let error: unknown
    const { manager } = harness({
      grants: [
        {
          name: 'recursive',
          async request() {
            error = await failure(manager.getTokens())
            return { accessToken: 'a' }
          },
        },
      ],
    })
    await authorize(manager)
    expect(error).toMatchObject({
      code: 'ERR_RENEWAL_RECURSION',
      message: expect.stringContaining('Use the `tokens` and `fetch` that the grant receives.'),
    })
  })
})

describe('a listener', () => {
  it('may call the manager it listens to', async () => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const seen = new Promise<Authorization>((resolve) =>
      manager.on('renewed', () => resolve(authorize(manager))),
    )
    await authorize(manager)
    expect(sent(await seen)).toBe('Bearer a1')
  })

  it('that throws is reported, and other listeners still run', async () => {
    const both = Promise.withResolvers<void>()
    const said = vi.spyOn(console, 'error').mockImplementation(() => {
      if (said.mock.calls.length === 2) both.resolve()
    })
    const { manager, scripted, events } = harness()
    scripted.answerTokens()
    manager.on('renewed', () => {
      throw new Error('listener bug')
    })
    manager.on('renewed', () => Promise.reject(new Error('async listener bug')) as never)
    manager.on('renewed', (event) => events.renewed.push(event))
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    await both.promise
    expect(events.renewed).toHaveLength(2)
    said.mockRestore()
  })

  it('can stop listening', async () => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const seen: number[] = []
    const off = manager.on('renewed', ({ generation }) => seen.push(generation))
    await manager.refresh()
    off()
    await manager.refresh()
    expect(seen).toEqual([1])
  })

  it('that listens anew hears of the next event, not of the same one again', async () => {
    const { manager } = harness()
    const seen: string[] = []
    let off = () => {}
    const listen = () =>
      (off = manager.on('changed', ({ status }) => {
        off()
        if (seen.push(status) < 9) listen()
      }))
    listen()
    await manager.setTokens({ accessToken: 'a' })
    expect(seen).toEqual(['signedIn'])
  })

  it('hears of changes in their order, also when another listener signs out, and the sign-in is not stored', async () => {
    const store = memoryStore()
    const { manager } = harness({ store, name: 'me' })
    const seen: string[] = []
    manager.on('changed', ({ status }) => {
      if (status === 'signedIn') void manager.signOut()
    })
    manager.on('changed', ({ status }) => seen.push(status))
    const signIn = manager.setTokens({ accessToken: 'a' })
    expect(await failure(signIn)).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    expect(seen).toEqual(['signedIn', 'signedOut'])
    expect(await store.getToken('me')).toBeUndefined()
  })

  it('that another one has removed meanwhile hears nothing', async () => {
    const { manager } = harness()
    const seen: string[] = []
    manager.on('changed', () => off())
    const off = manager.on('changed', ({ status }) => seen.push(status))
    await manager.setTokens({ accessToken: 'a' })
    expect(seen).toEqual([])
  })
})

describe('dispose()', () => {
  it('rejects waiting requests, and no more tokens are handed out', async () => {
    const { manager, events, scripted } = await signedIn()
    scripted.answer(() => new Promise(() => undefined))
    const waiting = failure(manager.refresh())
    await scripted.asked(2)
    manager.dispose()
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_DISPOSED' })
    await manager.signOut()
    expect(await waiting).toMatchObject({ code: 'ERR_DISPOSED' })
    expect(await failure(manager.getTokens())).toMatchObject({ code: 'ERR_DISPOSED' })
    expect(await failure(manager.refresh())).toMatchObject({ code: 'ERR_DISPOSED' })
    expect(await failure(manager.setTokens({ accessToken: 'a' }))).toBeInstanceOf(LatchkeyError)
    expect(events.signedOut).toEqual([])
  })

  it('stores the result of a renewal in progress, because its refresh token may be the only valid one', async () => {
    const { store, after } = watchedStore()
    const { manager, scripted } = harness({ store, name: 'me' })
    const waiting = failure(authorize(manager))
    await scripted.asked()
    manager.dispose()
    expect(await waiting).toMatchObject({ code: 'ERR_DISPOSED' })
    const stored = after('setToken')
    scripted.settle({ accessToken: 'a1', refreshToken: 'r1' })
    await stored
    expect(await store.getToken('me')).toMatchObject({ refreshToken: 'r1' })
    await settled()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the state', () => {
  it('is unknown at first, and the same frozen object until `changed` is emitted', async () => {
    const { manager, scripted, clock, events } = harness()
    const first = manager.state
    expect([first, Object.isFrozen(first)]).toEqual([
      { status: 'unknown', expiresAt: undefined, generation: 0 },
      true,
    ])
    expect(manager.state).toBe(first)
    const expiresAt = clock.now() + 3_600_000
    await manager.setTokens({ accessToken: 'a', expiresAt })
    const second = manager.state
    expect(second).toEqual({ status: 'signedIn', expiresAt, generation: 1 })
    await authorize(manager)
    expect(manager.state).toBe(second)
    const renewing = next(manager, 'renewing')
    const renewal = manager.refresh()
    await Promise.all([renewing, scripted.asked()])
    expect(manager.state.status).toBe('renewing')
    scripted.settle({ accessToken: 'b' })
    await renewal
    expect(manager.state).toMatchObject({ status: 'signedIn', generation: 2 })
    await manager.signOut()
    expect(manager.state).toMatchObject({ status: 'signedOut', generation: 2 })
    const told = events.changed.map(({ status, generation }) => `${status} ${generation}`)
    expect(told).toEqual(['signedIn 1', 'renewing 1', 'signedIn 2', 'signedOut 2'])
    expect(events.renewing).toEqual([{ at: clock.now() }])
  })

  it('is also a service’s, always current, beside its own methods', () => {
    const { manager } = harness()
    const service = extendManager<TokenManager & { mine(): string }>(manager, {
      mine: () => 'mine',
    })
    expect(service.state).toBe(manager.state)
    void manager.setTokens({ accessToken: 'a' })
    expect(service.state).toMatchObject({ status: 'signedIn' })
    expect(service.mine()).toBe('mine')
  })
})
