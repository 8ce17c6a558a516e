import { describe, expect, it, vi } from 'vitest'
import { memoryStore, type TokenSet, type TokenStore } from '../src/index.ts'
import { configuredUser } from '../src/service.ts'

const [mine, theirs] = [{ accessToken: 'ada-1' }, { accessToken: 'bob-1' }]
const isAdas = ({ accessToken }: TokenSet) => accessToken.startsWith('ada')

describe('once another user has signed in', () => {
  function afterBob() {
    const store = memoryStore()
    void store.setToken(mine, 'me')
    const user = configuredUser(() => 'password of ada')
    const kept = user.keepIn(store)
    user.entered(false)
    return { store, user, kept }
  }

  it('the configured credentials are not used, until the configured user is back', () => {
    const { user } = afterBob()
    expect(user.credentials()).toBeUndefined()
    user.entered(true)
    expect(user.credentials()).toBe('password of ada')
  })

  it('the session stays in memory, and the store as it was', async () => {
    const { store, kept } = afterBob()
    expect(await kept.getToken('me')).toBeUndefined()
    await kept.setToken(theirs, 'me')
    expect(await kept.getToken('me')).toEqual(theirs)
    expect(await store.getToken('me')).toEqual(mine)
    await kept.removeToken('me')
    expect(await kept.getToken('me')).toBeUndefined()
    expect(await store.getToken('me')).toEqual(mine)
  })

  it('and then the configured user again, the store is in use again', async () => {
    const { store, user, kept } = afterBob()
    await kept.setToken(theirs, 'me')
    user.entered(true)
    expect(await kept.getToken('me')).toEqual(mine)
    await kept.removeToken('me')
    expect(await store.getToken('me')).toBeUndefined()
  })

  it('the next user finds nothing of the last one’s session', async () => {
    const { user, kept } = afterBob()
    await kept.setToken(theirs, 'me')
    user.entered(false)
    expect(await kept.getToken('me')).toBeUndefined()
  })

  it('the shared lock is not used, but changes of the store are still reported', async () => {
    const locked: string[] = []
    const lock: TokenStore['lock'] = (name, run) => (locked.push(name), run())
    const subscribe = vi.fn<NonNullable<TokenStore['subscribe']>>(() => () => undefined)
    const user = configuredUser(() => 'password of ada')
    const kept = user.keepIn({ ...memoryStore(), lock, subscribe })
    kept.subscribe?.('me', () => undefined)
    expect(await kept.lock?.('me', () => Promise.resolve(1))).toBe(1)
    user.entered(false)
    expect(await kept.lock?.('me', () => Promise.resolve(2))).toBe(2)
    expect(locked).toEqual(['me'])
    expect(subscribe).toHaveBeenCalledOnce()
  })
})

describe('a stored session whose token names another user', () => {
  it('is ignored, and stays in the store', async () => {
    const store = memoryStore()
    const kept = configuredUser(() => undefined, isAdas).keepIn(store)
    await store.setToken(theirs, 'me')
    expect(await kept.getToken('me')).toBeUndefined()
    await kept.removeToken('me')
    expect(await store.getToken('me')).toEqual(theirs)
  })

  it('is replaced by the configured user’s, which can be read and removed', async () => {
    const store = memoryStore()
    const kept = configuredUser(() => undefined, isAdas).keepIn(store)
    await store.setToken(theirs, 'me')
    await kept.setToken(mine, 'me')
    expect(await kept.getToken('me')).toEqual(mine)
    await kept.removeToken('me')
    expect(await store.getToken('me')).toBeUndefined()
  })
})

it('a store without lock() and subscribe() is wrapped without them', () => {
  const { getToken, setToken, removeToken } = memoryStore()
  const kept = configuredUser(() => undefined).keepIn({ getToken, setToken, removeToken })
  expect([kept.lock, kept.subscribe]).toEqual([undefined, undefined])
})
