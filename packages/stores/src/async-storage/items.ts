import type { MaybePromise } from '@latchkey/core'
import { StoreError } from '../store-error.ts'

/**
 * Anything that keeps text under keys, sync or async: React Native's AsyncStorage, unstorage,
 * localStorage, a `Map` with three methods. If it can list its keys, the store can list its sessions.
 */
export interface ItemStorage {
  /** The text under `key`; `null` or `undefined` for none. */
  getItem(key: string): unknown
  /** Stores a text. */
  setItem(key: string, value: string): unknown
  /** Removes the text. */
  removeItem(key: string): unknown
  /** As in AsyncStorage. */
  getAllKeys?(): MaybePromise<readonly string[]>
  /** As in unstorage. */
  getKeys?(): MaybePromise<readonly string[]>
  /** As in Web Storage. */
  key?(index: number): string | null
  /** As in Web Storage: the number of keys. */
  readonly length?: number
}

/** The same with the method names of `expo-secure-store`. It cannot list its keys. */
export interface SecureStorage {
  /** The text under `key`; `null` for none. */
  getItemAsync(key: string): Promise<unknown>
  /** Stores a text. */
  setItemAsync(key: string, value: string): Promise<unknown>
  /** Removes the text. */
  deleteItemAsync(key: string): Promise<unknown>
}

/** A storage with uniform method names, whose failures are StoreErrors. */
export interface Items {
  get(key: string): Promise<unknown>
  /** Stores a text. Removes `secrets` from the storage's errors. */
  set(key: string, text: string, secrets: readonly string[]): Promise<unknown>
  remove(key: string): Promise<unknown>
  /** Returns all keys, those of other programs included. Missing if keys cannot be listed. */
  keys: (() => Promise<readonly string[]>) | undefined
}

/** @throws {StoreError} `ERR_INVALID_OPTION` for an object without the three methods. */
export function openItems(storage: ItemStorage | SecureStorage): Items {
  // The newer `expo-secure-store` has `getItem` as well, which blocks the app, and no `removeItem`.
  if (isSecure(storage)) {
    return {
      get: (key) => guarded('read', () => storage.getItemAsync(key)),
      set: (key, text, secrets) =>
        guarded('written', () => storage.setItemAsync(key, text), secrets),
      remove: (key) => guarded('removed', () => storage.deleteItemAsync(key)),
      keys: undefined,
    }
  }
  if (!has(storage, 'getItem', 'setItem', 'removeItem')) {
    throw new StoreError(
      'ERR_INVALID_OPTION',
      'The storage must have getItem, setItem and removeItem, or getItemAsync, setItemAsync and deleteItemAsync.',
    )
  }
  const list = lister(storage)
  return {
    get: (key) => guarded('read', () => storage.getItem(key)),
    set: (key, text, secrets) => guarded('written', () => storage.setItem(key, text), secrets),
    remove: (key) => guarded('removed', () => storage.removeItem(key)),
    keys: list && (async () => (await guarded('listed', list)) ?? []),
  }
}

const has = (storage: object, ...methods: string[]): boolean =>
  methods.every((method) => typeof Reflect.get(Object(storage), method) === 'function')

const isSecure = (storage: ItemStorage | SecureStorage): storage is SecureStorage =>
  has(storage, 'getItemAsync', 'setItemAsync', 'deleteItemAsync')

function lister(storage: ItemStorage) {
  if (storage.getAllKeys) return () => storage.getAllKeys?.() ?? []
  if (storage.getKeys) return () => storage.getKeys?.() ?? []
  if (!storage.key) return undefined
  return () =>
    Array.from({ length: storage.length ?? 0 }, (_, at) => storage.key?.(at)).filter(
      (key) => typeof key === 'string',
    )
}

/** Returns the result of `work`; `undefined` for `null`. */
async function guarded<T>(
  what: string,
  work: () => T,
  secrets: readonly string[] = [],
): Promise<NonNullable<Awaited<T>> | undefined> {
  try {
    return (await work()) ?? undefined
  } catch (thrown) {
    const cause = summary(thrown, secrets)
    throw /quota|SQLITE_FULL|storage is full|disk is full|ENOSPC/i.test(
      `${cause.name} ${cause.message}`,
    )
      ? new StoreError('ERR_STORE_FULL', 'The storage is full: make room and sign in again.', {
          cause,
        })
      : new StoreError('ERR_STORE_UNAVAILABLE', `The session could not be ${what}.`, { cause })
  }
}

/** Returns a storage's message without its secrets. The error itself may carry the whole request. */
function summary(thrown: unknown, secrets: readonly string[]): Error {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown))
  const told = secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), message)
  // An entry may be quoted in part, or with its quotes escaped.
  return Object.assign(new Error(told.replace(/\{\\*".*/s, '[redacted]')), { name })
}
