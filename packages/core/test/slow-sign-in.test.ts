import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GrantRejectedError, memoryStore, type TokenSet } from '../src/index.ts'
import { authorize, failure, harness, next, sent, signedIn } from './support/harness.ts'
import { watchedStore } from './support/watched-store.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A sign-in whose server answers when a test says so. */
function slowSignIn() {
  const { promise, resolve, reject } = Promise.withResolvers<TokenSet>()
  return { obtain: () => promise, answer: resolve, fail: reject }
}

describe('a sign-in in progress', () => {
  it('leaves the old session in use until its function has answered', async () => {
    const { manager } = await signedIn()
    const slow = slowSignIn()
    const signingIn = manager.setTokens(slow.obtain)
    expect(sent(await authorize(manager))).toBe('Bearer a1')
    slow.answer({ accessToken: 'b1' })
    await signingIn
    expect(sent(await authorize(manager))).toBe('Bearer b1')
  })

  it('does not undo a sign-out that comes in between', async () => {
    const store = memoryStore()
    const { manager } = await signedIn({ store, name: 'me' })
    const slow = slowSignIn()
    const signingIn = failure(manager.setTokens(slow.obtain))
    await manager.signOut()
    slow.answer({ accessToken: 'late' })
    expect(await signingIn).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(await store.getToken('me')).toBeUndefined()
  })

  it('does not undo a sign-out, even one that refresh() has undone since', async () => {
    const { manager, scripted } = await signedIn()
    const slow = slowSignIn()
    const signingIn = failure(manager.setTokens(slow.obtain))
    await manager.signOut()
    scripted.answer(() => ({ accessToken: 'again' }))
    await manager.refresh()
    slow.answer({ accessToken: 'late' })
    expect(await signingIn).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    expect(sent(await authorize(manager))).toBe('Bearer again')
  })

  it('does not replace a later one, whether that passed tokens or a function', async () => {
    for (const later of [{ accessToken: 'later' }, () => ({ accessToken: 'later' })]) {
      const { manager } = harness()
      const slow = slowSignIn()
      const first = failure(manager.setTokens(slow.obtain))
      await manager.setTokens(later)
      slow.answer({ accessToken: 'earlier' })
      expect(await first).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
      expect(sent(await authorize(manager))).toBe('Bearer later')
    }
  })

  it('is replaced by a later one if both are answered in order', async () => {
    const { manager } = harness()
    const [slow, slower] = [slowSignIn(), slowSignIn()]
    const both = [manager.setTokens(slow.obtain), manager.setTokens(slower.obtain)]
    slow.answer({ accessToken: 'first' })
    await both[0]
    expect(sent(await authorize(manager))).toBe('Bearer first')
    slower.answer({ accessToken: 'second' })
    await both[1]
    expect(sent(await authorize(manager))).toBe('Bearer second')
  })

  it('takes effect if a later one has failed', async () => {
    const { manager } = harness()
    const [slow, wrong] = [slowSignIn(), slowSignIn()]
    const first = manager.setTokens(slow.obtain)
    const second = failure(manager.setTokens(wrong.obtain))
    wrong.fail(new GrantRejectedError('wrong password'))
    expect(await second).toMatchObject({ message: 'wrong password' })
    slow.answer({ accessToken: 'first' })
    await first
    expect(sent(await authorize(manager))).toBe('Bearer first')
  })

  it('that throws, rejects or returns an unusable token leaves the session', async () => {
    const { manager } = await signedIn()
    const broken = () => {
      throw new TypeError('bug')
    }
    expect(await failure(manager.setTokens(broken))).toBeInstanceOf(TypeError)
    const unusable = manager.setTokens(() => ({ accessToken: 'a b' }))
    expect(await failure(unusable)).toMatchObject({ code: 'ERR_UNUSABLE_TOKEN' })
    expect(sent(await authorize(manager))).toBe('Bearer a1')
  })

  it('takes effect if the old session ends by itself in the meantime', async () => {
    const { manager, scripted, clock } = await signedIn()
    const slow = slowSignIn()
    const signingIn = manager.setTokens(slow.obtain)
    clock.pass(3_600_000)
    scripted.answer(() => new GrantRejectedError('revoked'))
    expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    slow.answer({ accessToken: 'b1' })
    await signingIn
    expect(sent(await authorize(manager))).toBe('Bearer b1')
  })

  it('does not undo a sign-out elsewhere that the store has reported', async () => {
    const { store, tell } = watchedStore()
    const { manager } = await signedIn({ store, name: 'me' })
    const slow = slowSignIn()
    const signingIn = failure(manager.setTokens(slow.obtain))
    store.removeToken('me')
    const ended = next(manager, 'signedOut')
    tell()
    expect(await ended).toMatchObject({ reason: 'elsewhere' })
    slow.answer({ accessToken: 'late' })
    expect(await signingIn).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
  })

  it('does not call its function after dispose(), and has no effect if it ends after that', async () => {
    const { manager } = harness()
    const slow = slowSignIn()
    const signingIn = failure(manager.setTokens(slow.obtain))
    manager.dispose()
    slow.answer({ accessToken: 'late' })
    expect(await signingIn).toMatchObject({ code: 'ERR_DISPOSED' })
    const obtain = vi.fn<() => TokenSet>()
    expect(await failure(manager.setTokens(obtain))).toMatchObject({ code: 'ERR_DISPOSED' })
    expect(obtain).not.toHaveBeenCalled()
  })

  it('serves the requests that wait for a first sign-in', async () => {
    const { manager, scripted } = harness()
    const slow = slowSignIn()
    const signingIn = manager.setTokens(slow.obtain)
    const served = authorize(manager)
    await scripted.asked()
    slow.answer({ accessToken: 'b1' })
    await signingIn
    expect(sent(await served)).toBe('Bearer b1')
  })
})

describe('the entering callback', () => {
  /** What happened, in order: who entered, and what was stored. */
  function recorded() {
    const seen: string[] = []
    const setToken = ({ accessToken }: TokenSet) => void seen.push(`stored ${accessToken}`)
    const { manager } = harness({ store: { ...memoryStore(), setToken } })
    const entering = (who: string) => () => void seen.push(`entered ${who}`)
    return { seen, manager, entering }
  }

  it('is called before the tokens are stored', async () => {
    const { seen, manager, entering } = recorded()
    await manager.setTokens(() => ({ accessToken: 'b1' }), entering('bob'))
    await manager.setTokens({ accessToken: 'c1' }, entering('carol'))
    expect(seen).toEqual(['entered bob', 'stored b1', 'entered carol', 'stored c1'])
  })

  it('is not called for a sign-in that was replaced or failed', async () => {
    const { seen, manager, entering } = recorded()
    const slow = slowSignIn()
    const first = failure(manager.setTokens(slow.obtain, entering('bob')))
    await failure(manager.setTokens(() => ({ accessToken: '' }), entering('failed')))
    await manager.signOut()
    slow.answer({ accessToken: 'b1' })
    await first
    expect(seen).toEqual([])
  })
})
