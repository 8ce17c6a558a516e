import type { TokenStore } from '@latchkey/core'

/** A place of a case's own where sessions lie: a directory, a database, a browser's storage. */
export interface StorePlace {
  /** A store on this place. Each call is another process, tab or machine; `memory` may give one only. */
  open(): TokenStore | Promise<TokenStore>
  /** The raw text that lies at `name`, if the place can be looked into. */
  read?(name: string): string | undefined | Promise<string | undefined>
  /** Puts raw text at `name`, as a broken or foreign program would. */
  write?(name: string, text: string): unknown
  /** Releases what the case used. */
  close?(): unknown
}

/** What a contract case is run against: a way to make empty places. */
export interface StoreSubject {
  place(): StorePlace | Promise<StorePlace>
  /** What the kind of store does not promise; everything else is tested. */
  lacks?: readonly Lack[]
}

/**
 * - `sharing`: two `open()`s do not see each other's sessions (a memory store, a cookie per request).
 * - `names`: it holds one session, whatever its name (a store written for Sharetribe's SDK), or cannot list.
 * - `lock`, `subscribe`: it has no such method.
 */
export type Lack = 'sharing' | 'separateNames' | 'names' | 'lock' | 'subscribe'

export interface StoreCase {
  /** A fact: "a session survives its process". */
  name: string
  /** The reference's numbers: S43, F77. */
  refs: readonly string[]
  /** Throws when the store breaks the promise. Resolves `'skipped'` when the kind of store cannot make it. */
  run(subject: StoreSubject): Promise<void | 'skipped'>
}
