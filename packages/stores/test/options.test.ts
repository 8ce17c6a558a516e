import { describe, expect, it } from 'vitest'
import { asyncStorageStore, type AsyncStorageStoreOptions } from '../src/async-storage.ts'
import { cookieStore, type CookieStoreOptions } from '../src/cookie.ts'
import { fileStore, type FileStoreOptions } from '../src/file.ts'
import { keychainStore, type KeychainStoreOptions } from '../src/keychain.ts'
import { redisStore, type RedisStoreOptions } from '../src/redis.ts'
import { webStore, type WebStoreOptions } from '../src/web.ts'

const place = { request: new Request('https://app.test'), headers: new Headers() }
const items = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined }
const client = { withCommandOptions: () => undefined }

/** Each factory, and every option it has. */
const factories: [string, (options: object) => unknown, object][] = [
  ['fileStore', fileStore, { directory: 'x' } satisfies Required<FileStoreOptions>],
  ['webStore', webStore, { storage: 'local', app: 'x' } satisfies Required<WebStoreOptions>],
  [
    'cookieStore',
    (options) => cookieStore(place, options),
    { app: 'x', secure: true, maxAgeMs: 1 } satisfies Required<CookieStoreOptions>,
  ],
  [
    'keychainStore',
    keychainStore,
    { service: 'x', lockDirectory: 'x' } satisfies Required<KeychainStoreOptions>,
  ],
  [
    'redisStore',
    (options) => redisStore(client as never, options),
    { prefix: 'x', maxAgeMs: 86_400_000, leaseMs: 1_000 } satisfies Required<RedisStoreOptions>,
  ],
  [
    'asyncStorageStore',
    (options) => asyncStorageStore(items, options),
    { prefix: 'x' } satisfies Required<AsyncStorageStoreOptions>,
  ],
]

describe.each(factories)('%s()', (_, make, every) => {
  it('takes every option it has', () => {
    expect(() => make(every)).not.toThrow()
  })

  it('refuses any other at once, and lists those there are', () => {
    const names = Object.keys(every).join(', ')
    expect(() => make({ dir: 'x' })).toThrow(
      expect.objectContaining({
        name: 'StoreError',
        code: 'ERR_INVALID_OPTION',
        message: `Unknown option \`dir\`. Known options: ${names}.`,
      }),
    )
  })
})
