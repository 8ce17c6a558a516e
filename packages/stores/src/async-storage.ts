/**
 * Sessions in any storage that has `getItem` and `setItem`: React Native, Expo, unstorage.
 *
 * @module
 */

import type { TokenStore } from '@latchkey/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { type ItemStorage, openItems, type SecureStorage } from './async-storage/items.ts'
import { decodeEntry, encodeEntry, refuseNewer } from './entry.ts'
import { Listeners } from './listeners.ts'
import { expectKnown, type OptionNames } from './option-names.ts'
import { StoreError } from './store-error.ts'

export type { ItemStorage, SecureStorage } from './async-storage/items.ts'

/** Options of asyncStorageStore(). */
export interface AsyncStorageStoreOptions {
  /**
   * Start of every key: letters, digits, `.`, `_`, `-` and `:`, which `expo-secure-store` refuses.
   * Default: `'latchkey.'`.
   */
  prefix?: string
}

const KNOWN: OptionNames<AsyncStorageStoreOptions> = { prefix: true }

/**
 * Keeps sessions in a key-value storage of your own choice, as one text each.
 *
 * The key is the prefix and a hash of the name, 64 hexadecimal digits. It fits every storage, also on disks that
 * ignore case, and does not show the user.
 *
 * The lock and the events are this store's own, because such storages have none. So make one store and pass it to all
 * managers of the process. For several processes or tabs use the file, web or Redis store.
 *
 * Safety, lifetime and size depend on the storage. AsyncStorage is not encrypted; in a phone's app prefer
 * `expo-secure-store`. An error of the storage becomes `ERR_STORE_FULL` if it reports a full storage, otherwise
 * `ERR_STORE_UNAVAILABLE`. Its message is the cause.
 *
 * @throws {StoreError} `ERR_INVALID_OPTION`.
 *
 * @example
 * import AsyncStorage from '@react-native-async-storage/async-storage'
 * const noco = nocodb({ baseUrl, store: asyncStorageStore(AsyncStorage) })
 */
export function asyncStorageStore(
  storage: ItemStorage | SecureStorage,
  options: AsyncStorageStoreOptions = {},
): TokenStore {
  expectKnown(options, KNOWN)
  const { prefix = 'latchkey.' } = options
  if (!/^[\w.:-]+$/.test(prefix)) {
    throw new StoreError(
      'ERR_INVALID_OPTION',
      '`prefix` must be letters, digits, `.`, `_`, `-` and `:`, such as "my-app.".',
    )
  }
  const { get, set, remove, keys } = openItems(storage)
  const keyOf = (name: string) => prefix + fingerprint(name)
  const turns = new Map<string, Promise<unknown>>()
  const listeners = new Listeners()
  return {
    async getToken(name) {
      const stored = await get(keyOf(name))
      return stored === undefined ? undefined : decodeEntry(stored).tokens
    },
    async setToken(tokens, name) {
      const key = keyOf(name)
      refuseNewer(await get(key))
      const { accessToken, refreshToken = accessToken } = tokens
      await set(key, encodeEntry(tokens, { name }), [accessToken, refreshToken])
      listeners.tell(name)
    },
    async removeToken(name) {
      await remove(keyOf(name))
      listeners.tell(name)
    },
    lock(name, run) {
      const turn = (turns.get(name) ?? Promise.resolve()).then(run)
      const freed = turn.catch(() => undefined) // the next holder runs in any case
      turns.set(name, freed)
      return turn
    },
    subscribe: listeners.subscribe,
    ...(keys && {
      async names() {
        const ours = (await keys()).filter((key) => key.startsWith(prefix))
        const named = ours.map(async (key) => {
          const name = nameOf(await get(key))
          return name !== undefined && keyOf(name) === key ? [name] : [] // or of a longer prefix
        })
        return (await Promise.all(named)).flat()
      },
    }),
  }
}

/** Of the name's JSON: alone, halves of a surrogate pair would all be the same bytes. */
const fingerprint = (name: string): string => bytesToHex(sha256(utf8ToBytes(JSON.stringify(name))))

/** The name in an entry; none in what is not one of ours. */
function nameOf(stored: unknown): string | undefined {
  try {
    const { name } = decodeEntry(stored).extra
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}
