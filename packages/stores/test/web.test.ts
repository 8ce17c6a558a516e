import { spawnSync } from 'node:child_process'
import { bearer, createTokenManager } from '@latchkey/core'
import { webStore } from '@latchkey/stores/web'
import { storeContract, type StoreSubject } from '@latchkey/testing/store-contract'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { memoryStorage } from './support/memory-storage.ts'

const tokens = { accessToken: 'CANARY-7f3a-access', refreshToken: 'CANARY-7f3a-refresh' }
const name = 'https://api.test'

afterEach(() => {
  vi.unstubAllGlobals()
})

/** Node has no events of a storage, and `navigator.locks` from 24 on. */
const inProcess: StoreSubject = {
  place() {
    const storage = memoryStorage()
    const key = (of: string) => `latchkey:app:${of}`
    return {
      open: () => webStore({ storage }),
      read: (of) => storage.getItem(key(of)) ?? undefined,
      write: (of, text) => storage.setItem(key(of), text),
    }
  },
  lacks: globalThis.navigator?.locks ? ['subscribe'] : ['subscribe', 'lock'],
}

describe('a web store on a Storage of the caller', () => {
  test.for(storeContract())('$name', async ({ run }, { skip }) => {
    const outcome = await run(inProcess)
    skip(outcome === 'skipped')
    expect(outcome).toBeUndefined()
  })
})

test('two apps on one origin have separate sessions', async () => {
  const storage = memoryStorage()
  const [crm, shop] = [webStore({ storage, app: 'crm' }), webStore({ storage, app: 'shop' })]
  await crm.setToken(tokens, name)
  expect(await shop.getToken(name)).toBeUndefined()
  expect(await shop.names?.()).toEqual([])
  expect(storage.key(0)).toBe('latchkey:crm:https://api.test')
})

test('entries of others in the same storage are neither listed nor touched', async () => {
  const storage = memoryStorage()
  storage.setItem('theirs', 'kept')
  const store = webStore({ storage })
  await store.setToken(tokens, name)
  expect(await store.names?.()).toEqual([name])
  await store.removeToken(name)
  expect([storage.length, storage.getItem('theirs')]).toEqual([1, 'kept'])
})

test.each([
  [{ app: 'a:b' }, '`app`'],
  [{ app: '' }, '`app`'],
  [{ storage: 'cookie' as 'local' }, '`storage`'],
  [{ storage: {} as Storage }, '`storage`'],
])('options that cannot be are refused at once: %j', (options, named) => {
  expect(() => webStore(options)).toThrow(
    expect.objectContaining({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringContaining(named),
    }),
  )
})

test('a window may be without events, as in React Native', async () => {
  vi.stubGlobal('window', { localStorage: memoryStorage() })
  const store = webStore()
  const off = store.subscribe?.(name, () => undefined)
  await store.setToken(tokens, name)
  expect(await store.getToken(name)).toEqual(tokens)
  await store.removeToken(name)
  expect(await store.getToken(name)).toBeUndefined()
  off?.()
})

test('without a window the store is made, and its methods report the missing storage', () => {
  const store = webStore()
  expect(() => store.getToken(name)).toThrow(
    expect.objectContaining({ code: 'ERR_STORE_UNAVAILABLE' }),
  )
})

test('a full storage is ERR_STORE_FULL, keeps what it had and shows no token', async () => {
  const storage = memoryStorage(150)
  const store = webStore({ storage })
  const small = { accessToken: 'CANARY-7f3a' }
  await store.setToken(small, name)
  const big = { accessToken: `CANARY-7f3a-${'x'.repeat(200)}` }
  const failure = (await Promise.resolve(store.setToken(big, name)).catch(
    (e: unknown) => e,
  )) as Error
  expect(failure).toMatchObject({ code: 'ERR_STORE_FULL', cause: { name: 'QuotaExceededError' } })
  expect(failure.message).not.toContain('CANARY')
  expect(await store.getToken(name)).toEqual(small)
})

/** A page whose settings block its storage: the property itself throws. */
function blockStorage(): void {
  const page = {
    get localStorage(): Storage {
      throw new DOMException('Access is denied for this document.', 'SecurityError')
    },
    addEventListener() {},
    removeEventListener() {},
  }
  vi.stubGlobal('window', page)
}

test('a blocked storage is ERR_STORE_DENIED at each use, and none when the store is made', async () => {
  blockStorage()
  const store = webStore()
  const denied = expect.objectContaining({ code: 'ERR_STORE_DENIED' })
  expect(() => store.getToken(name)).toThrow(denied)
  await expect(store.setToken(tokens, name)).rejects.toEqual(denied)
  await expect(store.removeToken(name)).rejects.toEqual(denied)
  expect(() => store.names?.()).toThrow(denied)
})

test('on a blocked storage a manager works in memory, and says once for each operation that it failed', async () => {
  blockStorage()
  const failures: string[] = []
  const manager = createTokenManager({
    origin: name,
    scheme: bearer(),
    grants: [{ name: 'password', request: async () => tokens }],
    store: webStore(),
  })
  manager.on('storeFailed', ({ operation, error }) => {
    failures.push(`${operation}: ${(error.cause as { code?: string }).code}`)
  })
  expect(await manager.getTokens()).toEqual(tokens)
  expect(await manager.refresh()).toEqual(tokens)
  expect(await manager.getTokens()).toEqual(tokens)
  expect(failures).toEqual(['get: ERR_STORE_DENIED', 'set: ERR_STORE_DENIED'])
})

test('a storage that is cleared in between holds no session, and takes the next one', async () => {
  const storage = memoryStorage()
  const store = webStore({ storage })
  await store.setToken(tokens, name)
  storage.clear()
  expect(await store.getToken(name)).toBeUndefined()
  await store.setToken(tokens, name)
  expect(await store.getToken(name)).toEqual(tokens)
})

test('an entry is stamped later than the one it replaces, also when the clock is set back', async () => {
  const storage = memoryStorage()
  const store = webStore({ storage })
  const stamp = () => JSON.parse(storage.getItem(`latchkey:app:${name}`) ?? '').writtenAt as number
  await store.setToken(tokens, name)
  const first = stamp()
  vi.setSystemTime(first - 3_600_000)
  await store.setToken(tokens, name)
  vi.useRealTimers()
  expect(stamp()).toBe(first + 1)
})

test('without navigator.locks the store has no lock, so that core takes care of races itself', () => {
  vi.stubGlobal('navigator', {})
  expect(webStore({ storage: memoryStorage() }).lock).toBeUndefined()
})

test('where a page may not use locks, what would run under one runs all the same, once', async () => {
  const refused = new DOMException('Access to the Locks API is denied.', 'SecurityError')
  vi.stubGlobal('navigator', { locks: { request: () => Promise.reject(refused) } })
  const run = vi.fn<() => Promise<string>>().mockResolvedValue('done')
  expect(await webStore({ storage: memoryStorage() }).lock?.(name, run)).toBe('done')
  expect(run).toHaveBeenCalledTimes(1)
})

test('importing and making a web store prints no warning in Node, and finds no storage', () => {
  const module = new URL('../src/web.ts', import.meta.url).href
  const script = `
    const { webStore } = await import(${JSON.stringify(module)})
    const store = webStore()
    for (const use of [() => store.getToken('a'), () => store.names()]) {
      try { use(); console.log('used') } catch (error) { console.log(error.code) }
    }
    store.subscribe('a', () => {})()
  `
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--experimental-webstorage', '--input-type=module', '--eval', script],
    { encoding: 'utf8', env: {} },
  )
  expect(stdout).toBe('ERR_STORE_UNAVAILABLE\nERR_STORE_UNAVAILABLE\n')
  expect(stderr).not.toMatch(/storage/i)
})
