import type { TokenStore } from '@latchkey/core'

/** A place of a case's own where sessions lie: a directory, a database, a browser's storage. */
export interface StorePlace {
  /** A store on this place. Each call is another process, tab or machine; `memory` may give one only. */
  open(): TokenStore | Promise<TokenStore>
  /** The raw text that lies at `name`, if the place can be looked into. */
  read?(name: string): string | undefined | Promise<string | undefined>
  /**
   * Puts raw text at `name`, as a broken or foreign program would. Throws for a text that the place
   * itself refuses (a NUL in a cookie, more than it can hold), which then cannot lie there.
   */
  write?(name: string, text: string): unknown
  /** Releases what the case used. */
  close?(): unknown
}

/** What a contract case is run against: a way to make empty places. */
export interface StoreSubject {
  /** Makes an empty place, for one case. */
  place(): StorePlace | Promise<StorePlace>
  /** What the kind of store does not promise; everything else is tested. */
  lacks?: readonly Lack[]
  /**
   * How long it may take to tell of a change or to pass a freed lock on, in milliseconds. A case that
   * waits longer fails. Default: 5,000.
   */
  patienceMs?: number
}

/**
 * - `sharing`: two `open()`s do not see each other's sessions (a memory store, a cookie per request).
 * - `separateNames`: it holds one session, whatever its name (a store written for Sharetribe's SDK).
 * - `distrust`: it keeps and gives whatever it is handed or finds, unchecked and uncopied (the same). Core checks.
 * - `atomicWrites`: its place writes in steps, and two writers may mix (files overwritten where they lie).
 * - `names`, `lock`, `subscribe`: it has no such method.
 * - `sharedLock`: its lock excludes who uses the same store object, and not another `open()`.
 */
export type Lack =
  | 'sharing'
  | 'separateNames'
  | 'distrust'
  | 'atomicWrites'
  | 'names'
  | 'lock'
  | 'sharedLock'
  | 'subscribe'

/** One promise, with what proves it. */
export interface StoreCase {
  /** A fact: "a session survives its process". */
  readonly name: string
  /** The reference's numbers: S43, F77. */
  readonly refs: readonly string[]
  /** Throws when the store breaks the promise. Resolves `'skipped'` when the kind of store cannot make it. */
  run(subject: StoreSubject): Promise<void | 'skipped'>
}
