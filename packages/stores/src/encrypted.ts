/**
 * Encrypts what any store keeps.
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

/** What is passed on to the store inside, where it has it. */
type PassedOn = 'lock' | 'subscribe' | 'names' | 'canWrite' | 'renewAheadMs'

/** An encrypted store can do what the store inside can. */
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
 * To replace a key, give a list: the first key encrypts, the others only decrypt. A session is encrypted anew when it is
 * written next, at its next renewal. Remove an old key once every session has been renewed.
 *
 * If none of the keys fits, every method rejects with `ERR_STORE_WRONG_KEY`, and the session is neither removed nor
 * replaced. To give it up, remove it by the store inside: `store.removeToken(name)`. A session that is not encrypted is
 * `ERR_STORE_GARBAGE`, and the next sign-in replaces it.
 *
 * Not encrypted are the names of sessions, `expiresAt` and `refreshExpiresAt`, which stores need to know for how long to
 * keep an entry, and whether there is a refresh token. The key itself is yours to keep: one that lies beside the sessions
 * protects nothing.
 *
 * `lock`, `subscribe`, `names`, `canWrite` and `renewAheadMs` are those of `store`.
 *
 * @param store Any store.
 * @param key An AES-GCM `CryptoKey`, a passphrase, or a list of them, the newest first.
 * @throws {StoreError} `ERR_INVALID_OPTION` at once; later a rejection with `ERR_STORE_WRONG_KEY`, `ERR_STORE_GARBAGE`,
 *   `ERR_STORE_NEWER`, or what the store inside throws.
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

  /** The session that the store inside keeps; undefined for none. */
  async function read(name: string): Promise<TokenSet | undefined> {
    const kept = await store.getToken(name)
    if (kept === undefined || kept === null) return undefined
    return decodeEntry(await open(kept.accessToken, name, keys)).tokens
  }

  /** Rejects if a session lies there that another key has encrypted. Everything else may be replaced. */
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
      const text = encodeEntry(tokens) // first: what is not a token set changes nothing
      await expectOurs(name)
      const accessToken = await seal(text, name, keys)
      await store.setToken({ ...outside(tokens), accessToken }, name)
    },
    async removeToken(name: string) {
      await expectOurs(name).catch((error: unknown) => {
        // A session of a newer version goes when the user signs out.
        if ((error as StoreError).code === 'ERR_STORE_WRONG_KEY') throw error
      })
      await store.removeToken(name)
    },
  }
  return { ...methods, ...passedOn(store) } as Encrypted<Store>
}

/** Why a session is not replaced. */
const KEPT: ReadonlySet<string> = new Set(['ERR_STORE_WRONG_KEY', 'ERR_STORE_NEWER'])

/** What the store inside needs to know: for how long the session is of use. */
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
