import { webStore } from '@latchkey/stores/web'
import { storeContract, type StoreSubject } from '@latchkey/testing/store-contract'
import { afterEach, describe, expect, test, vi } from 'vitest'

const name = 'https://api.test'
const tokens = { accessToken: 'CANARY-7f3a-access', refreshToken: 'CANARY-7f3a-refresh' }

afterEach(() => {
  vi.useRealTimers()
  localStorage.clear()
  sessionStorage.clear()
})

/** One document: what it changes itself it is not told of. That other tabs are is shown with tabs. */
function pageStorage(storage: 'local' | 'session'): StoreSubject {
  const area = storage === 'local' ? localStorage : sessionStorage
  return {
    place() {
      area.clear()
      return {
        open: () => webStore({ storage }),
        read: (of) => area.getItem(`latchkey:app:${of}`) ?? undefined,
        write: (of, text) => area.setItem(`latchkey:app:${of}`, text),
      }
    },
    lacks: ['subscribe'],
  }
}

describe.each(['local', 'session'] as const)('%sStorage of Chromium', (storage) => {
  test.for(storeContract().map((one) => [one.name, one] as const))(
    '%s',
    async ([, { run }], { skip }) => {
      const outcome = await run(pageStorage(storage))
      skip(outcome === 'skipped')
      expect(outcome).toBeUndefined()
    },
  )
})

test('a storage without room is ERR_STORE_FULL, and the session in it stays', async () => {
  const store = webStore()
  await store.setToken(tokens, name)
  localStorage.setItem('filler', 'x'.repeat(4_700_000)) // of 5 Mi characters
  const accessToken = `CANARY-7f3a${'x'.repeat(900_000)}`
  await expect(store.setToken({ accessToken }, name)).rejects.toMatchObject({
    code: 'ERR_STORE_FULL',
    cause: { name: 'QuotaExceededError' },
  })
  expect(await store.getToken(name)).toEqual(tokens)
})

test('who waits for a lock for 30 seconds gets ERR_STORE_LOCKED, and runs nothing, then or later', async () => {
  const { lock } = webStore({ app: 'waiting' })
  const held = Promise.withResolvers<void>()
  const holding = lock?.(name, () => held.promise)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const run = vi.fn<() => Promise<void>>().mockResolvedValue()
  const waiting = lock?.(name, run).catch((error: unknown) => error)
  vi.advanceTimersByTime(30_000)
  expect(await waiting).toMatchObject({ code: 'ERR_STORE_LOCKED' })
  held.resolve()
  await holding
  vi.useRealTimers()
  await lock?.(name, async () => undefined)
  expect(run).not.toHaveBeenCalled()
})

test('who does not need the lock any more leaves the queue, and runs nothing', async () => {
  const { lock } = webStore({ app: 'leaving' })
  const held = Promise.withResolvers<void>()
  const holding = lock?.(name, () => held.promise)
  const leaving = new AbortController()
  const run = vi.fn<() => Promise<void>>().mockResolvedValue()
  const waiting = lock?.(name, run, leaving.signal).catch((error: unknown) => error)
  leaving.abort('not needed')
  expect(await waiting).toBe('not needed')
  held.resolve()
  await holding
  await lock?.(name, async () => undefined)
  expect(run).not.toHaveBeenCalled()
})

test('a renewal that takes longer than 30 seconds keeps its lock', async () => {
  const { lock } = webStore({ app: 'slow' })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const done = lock?.(name, async () => {
    vi.advanceTimersByTime(60_000)
    return 'done'
  })
  expect(await done).toBe('done')
})

test('no lock’s name holds a part of a token', async () => {
  const store = webStore({ app: 'named' })
  const names = await store.lock?.(name, async () => {
    await store.setToken(tokens, name)
    const { held = [] } = await navigator.locks.query()
    return held.map((lock) => lock.name ?? '').filter((one) => one.startsWith('latchkey'))
  })
  expect(names).toContainEqual(
    expect.stringMatching(/^latchkey-written:named:https:\/\/api\.test:\d+$/),
  )
  expect(names).toContain('latchkey:named:https://api.test')
  expect(names?.join()).not.toContain('CANARY')
})

test('a sign-in right after a sign-out waits for nothing', async () => {
  const store = webStore({ app: 'again' })
  await store.setToken(tokens, name)
  await store.removeToken(name)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }) // no limit will end a wait
  expect(await store.lock?.(name, async () => 'ran')).toBe('ran')
})

test('who gets the lock after a sign-out elsewhere waits until that has arrived', async () => {
  const store = webStore({ app: 'late' })
  await store.setToken(tokens, name)
  const over = Promise.withResolvers<void>()
  const mark = `latchkey-removed:late:${name}:${Date.now() + 1_000}`
  const shown = navigator.locks.request(mark, { mode: 'shared' }, () => over.promise)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const listens = vi.spyOn(window, 'addEventListener')
  const found = store.lock?.(name, async () => store.getToken(name))
  await expect.poll(() => listens.mock.calls.map(([event]) => event)).toContain('storage')
  localStorage.removeItem(`latchkey:late:${name}`) // as another tab would: this one is told afterwards
  window.dispatchEvent(new StorageEvent('storage'))
  expect(await found).toBeUndefined()
  over.resolve()
  await shown
  listens.mockRestore()
})

test('a page that comes back by the back button looks for what it has missed', () => {
  const listener = vi.fn<() => void>()
  const stop = webStore().subscribe?.(name, listener)
  window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))
  expect(listener).not.toHaveBeenCalled()
  window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
  expect(listener).toHaveBeenCalledTimes(1)
  stop?.()
  window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
  expect(listener).toHaveBeenCalledTimes(1)
})
