/**
 * Sessions in the system's keychain. Peer: @napi-rs/keyring >= 2.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { TokenStore } from '@latchkey/core'
import { decodeEntry, encodeEntry, refuseNewer } from './entry.ts'
import { fileStore, fileStoreDirectory } from './file.ts'
import { type Credentials, createKeyring } from './keychain/keyring.ts'
import { assemble, headOf, readText, removeText, writeText } from './keychain/pieces.ts'
import { Listeners } from './listeners.ts'
import { expectKnown, type OptionNames } from './option-names.ts'
import { StoreError } from './store-error.ts'

/** What the keychain calls the sessions, and where the locks lie. */
export interface KeychainStoreOptions {
  /** Under which the keychain lists the sessions. Default `'latchkey'`. */
  service?: string
  /**
   * Where the lock files lie, which hold nothing: a directory of their own. Default: `keychain` in
   * `fileStoreDirectory()`.
   */
  lockDirectory?: string
}

const KNOWN: OptionNames<KeychainStoreOptions> = { service: true, lockDirectory: true }

/**
 * Keeps sessions in the platform's keychain: macOS Keychain, Windows Credential Manager, and on Linux
 * the Secret Service (GNOME Keyring, KWallet, KeePassXC), never the kernel's keyring, and never
 * anything else instead. Node only; needs the package `@napi-rs/keyring`, loaded on first use.
 *
 * Each call ends within 2.5 seconds. While the keychain asks for its password, nothing else is asked,
 * so there is one prompt at most; the native call behind it keeps the process alive until it is
 * answered. A daemon that hangs may block the event loop for two seconds: the package asks for it
 * synchronously.
 *
 * A session longer than the 1,280 characters that Windows allows lies in several credentials; a crash
 * leaves the old or the new one. Any number of processes share it: `lock` is `fileStore()`'s, since
 * keychains have none, and waits for at most 30 seconds. Changes by other processes are not told:
 * a manager finds them when it renews.
 *
 * Every program of the same user can ask for the credentials (macOS asks the user about strangers).
 *
 * @throws {StoreError} `ERR_INVALID_OPTION` at once; later a rejection with `ERR_STORE_PEER_MISSING`,
 *   `ERR_STORE_UNAVAILABLE` (no desktop session, no keyring), `ERR_STORE_LOCKED`, `ERR_STORE_DENIED`,
 *   `ERR_STORE_TIMEOUT`, `ERR_STORE_TOO_LARGE`, `ERR_STORE_GARBAGE`, `ERR_STORE_NEWER`.
 */
export function keychainStore(
  options: KeychainStoreOptions = {},
): Required<Omit<TokenStore, 'renewAheadMs' | 'canWrite'>> {
  expectKnown(options, KNOWN)
  const { service = 'latchkey', lockDirectory = join(fileStoreDirectory(), 'keychain') } = options
  if (typeof service !== 'string' || service === '') {
    throw new StoreError('ERR_INVALID_OPTION', '`service` must be a non-empty string.')
  }
  const keyring = createKeyring(service)
  const locks = fileStore({ directory: lockDirectory })
  const listeners = new Listeners()
  /** One writer at a time, in all processes: a text may lie in several credentials. */
  const changing = async (
    name: string,
    work: (own: Credentials, account: string) => Promise<void>,
  ) => {
    await keyring.use((credentials) =>
      locks.lock(`write ${service}\n${name}`, () => work(credentials, accountOf(name))),
    )
    listeners.tell(name)
  }
  return {
    async getToken(name) {
      const text = await keyring.use((credentials) => readText(credentials, accountOf(name)))
      return text === undefined ? undefined : decodeEntry(text).tokens
    },
    setToken: (tokens, name) =>
      changing(name, async (credentials, account) => {
        // An incomplete session is not a newer one.
        refuseNewer(await readText(credentials, account).catch(ignoreGarbage))
        await writeText(credentials, account, encodeEntry(tokens, { name }))
      }),
    removeToken: (name) => changing(name, removeText),
    subscribe: listeners.subscribe,
    lock: (name, run, signal) => locks.lock(`renew ${service}\n${name}`, run, signal),
    async names() {
      const all = await keyring.use((credentials) => credentials.all())
      const heads = [...all.keys()].filter((account) => /^[0-9a-f]{64}$/.test(account))
      const named = heads.map(async (account) => {
        const name = await nameIn(account, all)
        return name !== undefined && accountOf(name) === account ? [name] : []
      })
      return (await Promise.all(named)).flat()
    },
  }
}

/** Platforms differ in what an account may be called: long, empty, with a NUL. UTF-16 has lone surrogates. */
const accountOf = (name: string) => createHash('sha256').update(name, 'utf16le').digest('hex')

async function nameIn(account: string, all: Map<string, string>): Promise<string | undefined> {
  const { body } = headOf(all.get(account) ?? '')
  try {
    const text = await assemble(body, (piece) => all.get(`${account}.${piece}`))
    const { name } = decodeEntry(text ?? '').extra
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined // an unreadable entry is not a session
  }
}

function ignoreGarbage(error: unknown): undefined {
  if (error instanceof StoreError && error.code === 'ERR_STORE_GARBAGE') return undefined
  throw error
}
