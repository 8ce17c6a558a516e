/**
 * Encrypts the sessions of any store.
 *
 * @module
 */

import type { TokenSet, TokenStore } from '@latchkey/core'
import { checkKeys, type EncryptionKey, openKeys } from './encrypted/keys.ts'
import { open, seal } from './encrypted/envelope.ts'
import { decodeEntry, encodeEntry } from './entry.ts'
import { StoreError } from './store-error.ts'

export type { EncryptionKey, Passphrase } from './encrypted/keys.ts'
export { StoreError, type StoreErrorCode } from './store-error.ts'

/** Members that an encrypted store takes from the inner store, if that has them. */
type PassedOn = 'lock' | 'subscribe' | 'names' | 'canWrite' | 'renewAheadMs'

/** An encrypted store has the same optional methods as the inner store. */
export type Encrypted<Store extends TokenStore> = {
  getToken(name: string): Promise<TokenSet | undefined>
  setToken(tokens: TokenSet, name: string): Promise<void>
  removeToken(name: string): Promise<void>
} & Pick<Store, Extract<keyof Store, PassedOn>>

/**
 * Encrypts each session before `store` keeps it: AES-256-GCM by WebCrypto, with a new random nonce for each write. Without the key,
 * the content of the file, database, browser storage or cookie is useless. A session that was altered, or moved to
 * another name, is refused.
 *
 * To replace a key, pass a list: the first key encrypts, the others only decrypt. The next renewal writes a session, and so
 * encrypts it with the first key. Remove an old key once every session has been renewed.
 *
 * If none of the keys fits, every method rejects with `ERR_STORE_WRONG_KEY`, and the session is neither removed nor
 * replaced. To delete such a session, call `store.removeToken(name)` of the inner store. A session that is not encrypted is
 * reported as `ERR_STORE_GARBAGE`, and the next sign-in replaces it.
 *
 * Some facts stay readable, because a store has to know how long to keep an entry: the names of sessions, `expiresAt`,
 * `refreshExpiresAt`, and whether there is a refresh token. Keep the key in another place: a key that is stored beside the
 * sessions protects nothing.
 *
 * `lock`, `subscribe`, `names`, `canWrite` and `renewAheadMs` are those of `store`.
 *
 * @param store Any store.
 * @param key An AES-GCM `CryptoKey`, a passphrase, or a list of them, the newest first.
 * @throws {StoreError} `ERR_INVALID_OPTION` at once. The methods reject with `ERR_STORE_WRONG_KEY`, `ERR_STORE_GARBAGE`,
 *   `ERR_STORE_NEWER`, or the error of the inner store.
 *
 * @example
 * const key = { passphrase: process.env.SESSION_PASSPHRASE ?? '', salt: 'my-app, production' }
 * const noco = nocodb({ baseUrl, store: encrypted(fileStore(), key) })
 */
export function encrypted<Store extends TokenStore>(
  store: Store,
  key: EncryptionKey | readonly EncryptionKey[],
): Encrypted<Store> {
  const keys = openKeys(checkKeys(key))

  /** Returns the session of the inner store, decrypted, or undefined if there is none. */
  async function read(name: string): Promise<TokenSet | undefined> {
    const kept = await store.getToken(name)
    if (kept === undefined || kept === null) return undefined
    return decodeEntry(await open(kept.accessToken, name, keys)).tokens
  }

  /** Rejects if the stored session needs another key or is of a newer version. Any other content may be replaced. */
  async function expectOurs(name: string): Promise<void> {
    try {
      await read(name)
    } catch (error) {
      if (error instanceof StoreError && KEPT.has(error.code)) throw error
    }
  }

  const methods = {
    getToken: read,
    async setToken(tokens: TokenSet, name: string) {
      const text = encodeEntry(tokens) // first, so that an invalid token set changes nothing
      await expectOurs(name)
      const accessToken = await seal(text, name, keys)
      await store.setToken({ ...outside(tokens), accessToken }, name)
    },
    async removeToken(name: string) {
      await expectOurs(name).catch((error: unknown) => {
        // A sign-out removes a session of a newer version too.
        if ((error as StoreError).code === 'ERR_STORE_WRONG_KEY') throw error
      })
      await store.removeToken(name)
    },
  }
  return { ...methods, ...passedOn(store) } as Encrypted<Store>
}

/** Errors that protect the stored session from being replaced. */
const KEPT: ReadonlySet<string> = new Set(['ERR_STORE_WRONG_KEY', 'ERR_STORE_NEWER'])

/** Fields that stay readable, so that the inner store knows how long the session is useful. */
function outside({ refreshToken, expiresAt, refreshExpiresAt }: TokenSet) {
  return {
    ...(refreshToken !== undefined && { refreshToken: 'encrypted' }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
  }
}

function passedOn(store: TokenStore): Pick<TokenStore, PassedOn> {
  return {
    ...(store.lock && { lock: store.lock.bind(store) }),
    ...(store.subscribe && { subscribe: store.subscribe.bind(store) }),
    ...(store.names && { names: store.names.bind(store) }),
    ...(store.canWrite && { canWrite: store.canWrite.bind(store) }),
    ...(store.renewAheadMs !== undefined && { renewAheadMs: store.renewAheadMs }),
  }
}
