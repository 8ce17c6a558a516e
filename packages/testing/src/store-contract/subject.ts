import type { TokenStore } from '@latchkey/core'

/** A case's own place for sessions: a directory, a database, a browser's storage. */
export interface StorePlace {
  /** Opens a store on this place. Each call stands for another process, tab or machine. A memory store may return the same one. */
  open(): TokenStore | Promise<TokenStore>
  /** Returns the raw text stored at `name`, if the place can be read directly. */
  read?(name: string): string | undefined | Promise<string | undefined>
  /**
   * Stores raw text at `name`, as a broken or foreign program would. Throws for a text that the place itself refuses
   * (a NUL in a cookie, a text that is too large), because such a text cannot be stored there.
   */
  write?(name: string, text: string): unknown
  /** Releases what the case used. */
  close?(): unknown
}

/** Makes empty places for a kind of store. The contract cases run against it. */
export interface StoreSubject {
  /** Makes an empty place, for one case. */
  place(): StorePlace | Promise<StorePlace>
  /** The promises that this kind of store does not make. All others are tested. */
  lacks?: readonly Lack[]
  /**
   * Time limit for reporting a change or passing on a freed lock, in milliseconds. A case that waits longer fails.
   * Default: 5,000.
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
