import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  bearer,
  GrantRejectedError,
  memoryStore,
  type TokenManagerOptions,
  type TokenSet,
  type TokenStore,
} from '../src/index.ts'
import { createServiceManager, type Revocation } from '../src/service.ts'
import { authorize, failure, fakeClock, ORIGIN, scriptedGrant, settled } from './support/harness.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HOUR = 3_600_000

/** A service whose grant a test scripts, and what its server was told to revoke, by access token. */
function service(options: Partial<TokenManagerOptions> = {}, more: Partial<Revocation> = {}) {
  const clock = fakeClock()
  const scripted = scriptedGrant()
  const revoked: string[] = []
  const tell = ({ accessToken }: TokenSet) => Promise.resolve(revoked.push(accessToken) > 0)
  const manager = createServiceManager(
    { origin: ORIGIN, scheme: bearer(), grants: [scripted.grant], clock, name: 'me', ...options },
    { tell, ...more },
  )
  return { manager, clock, scripted, revoked }
}

/** The same, signed in with a1 and r1 for an hour. */
async function signedIn(...given: Parameters<typeof service>) {
  const made = service(...given)
  const expiresAt = made.clock.now() + HOUR
  await made.manager.setTokens({ accessToken: 'a1', refreshToken: 'r1', expiresAt })
  return made
}

/** The same, with a renewal in progress. */
async function renewing(...given: Parameters<typeof service>) {
  const made = await signedIn(...given)
  const { promise, resolve } = Promise.withResolvers<TokenSet | Error | undefined>()
  made.scripted.answer(() => promise)
  const waiting = failure(made.manager.refresh())
  await made.scripted.asked()
  return { ...made, waiting, answer: resolve }
}

describe('a sign-out revokes', () => {
  it('the token set in use, once the store is empty', async () => {
    const store = memoryStore()
    const seen: unknown[] = []
    const tell = async ({ accessToken }: TokenSet) => {
      seen.push(accessToken, await store.getToken('me'))
      return true
    }
    const { manager } = await signedIn({ store }, { tell })
    expect(await manager.signOut()).toBeUndefined()
    expect(seen).toEqual(['a1', undefined])
  })

  it('nothing if the user is not signed in', async () => {
    const { manager, revoked } = service()
    await manager.signOut()
    expect(revoked).toEqual([])
  })

  it('the stored token set if nothing was read yet', async () => {
    const store = memoryStore()
    await store.setToken({ accessToken: 'stored' }, 'me')
    const { manager, revoked } = service({ store })
    await manager.signOut()
    expect(revoked).toEqual(['stored'])
  })

  it('the token set that another process has renewed, not the used one', async () => {
    const store = memoryStore()
    const { manager, revoked } = await signedIn({ store })
    await store.setToken({ accessToken: 'a2', refreshToken: 'r2' }, 'me')
    await manager.signOut()
    expect(revoked).toEqual(['a2'])
    expect(await store.getToken('me')).toBeUndefined()
  })

  it('the late result of a renewal in progress, not the token set that it used', async () => {
    const { manager, scripted, revoked, waiting, answer } = await renewing()
    const leaving = manager.signOut()
    expect(await waiting).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    await settled()
    expect(revoked).toEqual([])
    expect(scripted.contexts[0]?.signal.aborted).toBe(false) // or the answer would be lost
    answer({ accessToken: 'a2', refreshToken: 'r2' })
    await leaving
    expect(revoked).toEqual(['a2'])
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  })

  it('that result with the old refresh token, if the renewal keeps it', async () => {
    const ended: TokenSet[] = []
    const tell = (tokens: TokenSet) => Promise.resolve(ended.push(tokens) > 0)
    const { manager, answer } = await renewing({}, { tell })
    const leaving = manager.signOut()
    answer({ accessToken: 'a2' })
    await leaving
    expect(ended).toEqual([{ accessToken: 'a2', refreshToken: 'r1' }])
  })

  it('the result of a renewal that is just being stored', async () => {
    const inner = memoryStore()
    const [storing, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const setToken: TokenStore['setToken'] = async (tokens, name) => {
      if (tokens.accessToken === 'a2') storing.resolve()
      if (tokens.accessToken === 'a2') await released.promise
      await inner.setToken(tokens, name)
    }
    const { manager, revoked, answer } = await renewing({ store: { ...inner, setToken } })
    answer({ accessToken: 'a2', refreshToken: 'r2' })
    await storing.promise
    const leaving = manager.signOut()
    released.resolve()
    await leaving
    expect(revoked).toEqual(['a2'])
    expect(await inner.getToken('me')).toBeUndefined()
  })

  it.each([
    ['is refused', new GrantRejectedError('reused')],
    ['has nothing to give', undefined],
  ])(
    'the token set in use when the renewal in progress %s, and no grant signs in again',
    async (_, no) => {
      const [first, next] = [scriptedGrant(), scriptedGrant('password')]
      next.answerTokens()
      const { manager, revoked } = await signedIn({ grants: [first.grant, next.grant] })
      void failure(manager.refresh())
      await first.asked()
      const leaving = manager.signOut()
      first.settle(no)
      await leaving
      expect([revoked, next.calls()]).toEqual([['a1'], 0])
    },
  )

  it('the token set in use if a renewal still waits for the lock, and no grant is asked', async () => {
    const [locking, granted] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const lock: TokenStore['lock'] = (_name, run) => {
      locking.resolve()
      return granted.promise.then(run)
    }
    const { manager, scripted, revoked } = await signedIn({ store: { ...memoryStore(), lock } })
    void failure(manager.refresh())
    await locking.promise
    await manager.signOut()
    granted.resolve()
    await settled()
    expect([revoked, scripted.calls()]).toEqual([['a1'], 0])
  })

  it('the token set in use if a renewal exceeds its time limit, and ends its request then', async () => {
    const { manager, scripted, revoked } = await renewing({ renewTimeoutMs: 5_000 })
    const leaving = manager.signOut()
    await vi.advanceTimersByTimeAsync(5_000)
    await leaving
    expect(revoked).toEqual(['a1'])
    expect(scripted.contexts[0]?.signal.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('a session once, even if signOut() is called several times at once', async () => {
    const store = memoryStore()
    await store.setToken({ accessToken: 'stored' }, 'me')
    const { manager, revoked } = service({ store })
    const signedOut = vi.fn<() => void>()
    manager.on('signedOut', signedOut)
    await Promise.all([manager.signOut(), manager.signOut()])
    expect(revoked).toEqual(['stored'])
    expect(signedOut).toHaveBeenCalledOnce()
  })

  it('each session once: a second sign-out finds nothing of the earlier renewal', async () => {
    const { manager, revoked, answer } = await renewing()
    answer({ accessToken: 'a2' })
    await manager.signOut()
    await manager.setTokens({ accessToken: 'b1' })
    await manager.signOut()
    expect(revoked).toEqual(['a2', 'b1'])
  })
})

describe('a sign-in in progress', () => {
  it('that a sign-out cancels is revoked, and rejects with ERR_SESSION_CHANGED', async () => {
    const { manager, revoked } = await signedIn()
    const slow = Promise.withResolvers<TokenSet>()
    const signingIn = failure(manager.setTokens(() => slow.promise))
    await manager.signOut()
    expect(revoked).toEqual(['a1'])
    slow.resolve({ accessToken: 'b1' })
    expect(await signingIn).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    expect(revoked).toEqual(['a1', 'b1'])
  })

  it('reports if it could not be revoked', async () => {
    const tell = () => Promise.reject(new Error('down'))
    const { manager } = service({}, { tell })
    const slow = Promise.withResolvers<TokenSet>()
    const signingIn = failure(manager.setTokens(() => slow.promise))
    await manager.signOut()
    slow.resolve({ accessToken: 'b1' })
    expect(await signingIn).toMatchObject({ code: 'ERR_SIGN_OUT_INCOMPLETE' })
  })

  it('that a later one replaces is not revoked, because some servers would end all sessions', async () => {
    const { manager, revoked } = service()
    const slow = Promise.withResolvers<TokenSet>()
    const signingIn = failure(manager.setTokens(() => slow.promise))
    await manager.setTokens(() => ({ accessToken: 'b1' }))
    slow.resolve({ accessToken: 'a1' })
    expect(await signingIn).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    expect(revoked).toEqual([])
  })

  it('that fails has nothing to revoke, even after a sign-out', async () => {
    const { manager, revoked } = service()
    const slow = Promise.withResolvers<TokenSet>()
    const signingIn = failure(manager.setTokens(() => slow.promise))
    await manager.signOut()
    slow.reject(new Error('wrong password'))
    expect(await signingIn).toMatchObject({ message: 'wrong password' })
    expect(revoked).toEqual([])
  })

  it('ends the request of the renewal that it replaces', async () => {
    const { manager, scripted } = await renewing()
    const entered = vi.fn<() => void>()
    await manager.setTokens({ accessToken: 'b1' }, entered)
    expect(scripted.contexts[0]?.signal.aborted).toBe(true)
    expect(entered).toHaveBeenCalledOnce()
  })
})

describe('a renewal that exceeds its time limit', () => {
  it('has its request ended', async () => {
    const { scripted, waiting } = await renewing({ renewTimeoutMs: 5_000 })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await waiting).toMatchObject({ code: 'ERR_RENEWAL_TIMEOUT' })
    expect(scripted.contexts[0]?.signal.aborted).toBe(true)
  })
})

describe('a server that revokes only with a valid access token', () => {
  const renewed = { accessToken: 'a2', refreshToken: 'r2' }

  it('receives a renewed one after a rejection', async () => {
    const told: TokenSet[] = []
    const tell = (tokens: TokenSet) => Promise.resolve(told.push(tokens) > 1)
    const renew = vi.fn<NonNullable<Revocation['renew']>>(() => Promise.resolve(renewed))
    const { manager } = await signedIn({}, { tell, renew })
    await manager.signOut()
    expect(told).toMatchObject([{ accessToken: 'a1', refreshToken: 'r1' }, renewed])
    expect(renew.mock.calls).toEqual([['r1']])
  })

  it('does not receive one that has expired', async () => {
    const { manager, clock, revoked } = await signedIn(
      {},
      { renew: () => Promise.resolve(renewed) },
    )
    clock.pass(HOUR)
    await manager.signOut()
    expect(revoked).toEqual(['a2'])
  })

  it('has already ended a session if it rejects its refresh token', async () => {
    const no = () =>
      Promise.reject(new GrantRejectedError('over', { code: 'ERR_REFRESH_TOKEN_REJECTED' }))
    const { manager, clock, revoked } = await signedIn({}, { renew: no })
    clock.pass(HOUR)
    await manager.signOut()
    expect(revoked).toEqual([])
  })

  it('does not receive a rejected token without a refresh token', async () => {
    const tell = vi.fn<Revocation['tell']>(() => Promise.resolve(false))
    const renew = vi.fn<NonNullable<Revocation['renew']>>()
    const { manager } = service({}, { tell, renew })
    await manager.setTokens({ accessToken: 'a1' })
    await manager.signOut()
    expect([tell.mock.calls.length, renew.mock.calls.length]).toEqual([1, 0])
  })
})

describe('a sign-out that does not reach the server', () => {
  it('ends the session here, and reports that it is not complete', async () => {
    const cause = new Error('down')
    const { manager } = await signedIn({}, { tell: () => Promise.reject(cause) })
    expect(await failure(manager.signOut())).toMatchObject({
      code: 'ERR_SIGN_OUT_INCOMPLETE',
      cause,
    })
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  })
})

it('an expired token is revoked if the server accepts any', async () => {
  const { manager, clock, revoked } = await signedIn()
  clock.pass(HOUR)
  await manager.signOut()
  expect(revoked).toEqual(['a1'])
})

it('the options of the manager are checked', () => {
  expect(() => service({ store: {} as never })).toThrow('`store` must be')
})
