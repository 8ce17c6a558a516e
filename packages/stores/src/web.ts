/**
 * Sessions in the browser's storage, with all tabs kept in step.
 *
 * @module
 */

import type { TokenStore } from '@latchkey/core'
import { checkApp } from './app-name.ts'
import { decodeEntry, encodeEntry, refuseNewer } from './entry.ts'
import { Listeners } from './listeners.ts'
import { expectKnown, type OptionNames } from './option-names.ts'
import { type Area, openArea, type WebStorage } from './web/area.ts'
import { handOver } from './web/hand-over.ts'
import { lockManager, tabLock } from './web/tab-lock.ts'

/** Options of webStore(). */
export interface WebStoreOptions {
  /**
   * `'local'`: one session for all tabs, until the user signs out. `'session'`: one for each tab, until it is closed.
   * A duplicated tab gets a copy, which does not work with single-use refresh tokens. Or your own `Storage`.
   * Default: `'local'`.
   */
  storage?: WebStorage
  /**
   * Separates apps that live on one origin: 1 to 64 letters, digits, `_` or `-`. Apps of one name share
   * their sessions with one API. Default: `'app'`.
   */
  app?: string
}

const KNOWN: OptionNames<WebStoreOptions> = { storage: true, app: true }

/**
 * Keeps sessions in the browser's localStorage or sessionStorage, and makes the tabs of a page one
 * client: one renewal for all, and a sign-in, renewal or sign-out in one is seen in the others.
 *
 * **Know the risk.** Every script of the page's origin can read the storage, so one XSS hole or one bad dependency
 * can steal the tokens. OWASP (HTML5 Security Cheat Sheet, "Local Storage") advises against session identifiers in
 * it. The default, memory, needs a sign-in at each reload. A server that keeps the session behind an `HttpOnly`
 * cookie avoids both.
 *
 * The lock is `navigator.locks`, held only during a renewal. Other tabs wait for it for at most 30 s. Insecure
 * origins (plain http beyond localhost) have no locks; two tabs may then renew at the same time, and one adopts the
 * tokens that the other stored. A tab that the browser freezes during a renewal delays the renewals of other tabs
 * until it wakes or is discarded. They keep their session.
 *
 * Does not touch the storage before the first use. If the storage is blocked, full or missing, the methods throw
 * `ERR_STORE_DENIED`, `ERR_STORE_FULL` or `ERR_STORE_UNAVAILABLE`, and a manager keeps the session in memory.
 *
 * @throws {StoreError} `ERR_INVALID_OPTION`.
 *
 * @example
 * const noco = nocodb({ baseUrl, store: webStore({ app: 'crm' }) })
 */
export function webStore(options: WebStoreOptions = {}): TokenStore {
  expectKnown(options, KNOWN)
  const { storage = 'local', app = 'app' } = options
  const area = openArea(storage)
  const prefix = `latchkey:${checkApp(app)}:`
  const keyOf = (name: string) => prefix + name
  const locks = lockManager()
  // A sessionStorage is its tab's own: nothing in it comes from another.
  const handing = locks && storage === 'local' ? handOver(locks, app) : undefined
  const lock = locks && tabLock(locks, keyOf)
  return {
    getToken(name) {
      const text = area.read(keyOf(name))
      return text === null ? undefined : decodeEntry(text).tokens
    },
    async setToken(tokens, name) {
      const stored = area.read(keyOf(name))
      refuseNewer(stored)
      const at = later(stored)
      area.write(keyOf(name), encodeEntry(tokens, { writtenAt: at }))
      tellHere(keyOf(name))
      await handing?.show('written', name, at)
    },
    async removeToken(name) {
      const at = later(area.read(keyOf(name)))
      area.remove(keyOf(name))
      tellHere(keyOf(name))
      await handing?.show('removed', name, at)
    },
    names: () =>
      area
        .keys()
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length)),
    ...(lock && {
      lock: (name, run, signal) =>
        lock(
          name,
          async () => {
            await handing?.catchUp(name, () => newest(area, keyOf(name)))
            return run()
          },
          signal,
        ),
    }),
    subscribe: (name, listener) => subscribe(area, keyOf(name), listener),
  }
}

/** When an entry was written, in epoch milliseconds; 0 for none, and for what is not one of ours. */
function writtenAt(stored: string | null): number {
  try {
    const at = decodeEntry(stored).extra.writtenAt
    return typeof at === 'number' ? at : 0
  } catch {
    return 0
  }
}

/** Now, and later than what is stored, also when the clock is set back. */
const later = (stored: string | null) => Math.max(Date.now(), writtenAt(stored) + 1)

/** When what lies there was written. Nothing newer arrives in a storage that cannot be read. */
function newest(area: Area, key: string): number {
  try {
    return writtenAt(area.read(key))
  } catch {
    return Infinity
  }
}

/** What this document is told of its own changes by: several managers in it may share a session. */
const CHANGED = 'latchkey:changed'

/** The same without a page. */
const listeners = new Listeners()

function tellHere(key: string): void {
  const page = pageEvents()
  if (page) page.dispatchEvent(new CustomEvent(CHANGED, { detail: key }))
  else listeners.tell(key)
}

/** The page, if there is one. A server has no window, and React Native's knows no events. */
const pageEvents = (): Window | undefined =>
  typeof globalThis.window?.addEventListener === 'function' ? window : undefined

/**
 * The browser tells the other documents of the origin, and not the one that made the change; nor one that
 * waits behind its "back" button, which looks for itself when it is shown again.
 */
function subscribe(area: Area, key: string, listener: () => void): () => void {
  const page = pageEvents()
  if (!page) return listeners.subscribe(key, listener)
  const over = new AbortController()
  const { signal } = over
  const onStorage = (event: StorageEvent) => {
    if (area.tells(event, key)) listener()
  }
  const onShow = ({ persisted }: PageTransitionEvent) => {
    if (persisted) listener()
  }
  const onChange = (event: Event) => {
    if ((event as CustomEvent).detail === key) listener()
  }
  page.addEventListener('storage', onStorage, { signal })
  page.addEventListener(CHANGED, onChange, { signal })
  page.addEventListener('pageshow', onShow, { signal })
  return () => over.abort()
}
