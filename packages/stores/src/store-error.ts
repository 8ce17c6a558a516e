/** Codes of store errors. Each is described in `docs/errors.md`. */
export type StoreErrorCode =
  /** The store could not be reached, read or written. That may pass. */
  | 'ERR_STORE_UNAVAILABLE'
  /** The store did not answer in time. */
  | 'ERR_STORE_TIMEOUT'
  /** Another process or tab holds the lock, or the keychain is locked. */
  | 'ERR_STORE_LOCKED'
  /** A disk, quota or storage is full. */
  | 'ERR_STORE_FULL'
  /** The session is larger than the place can hold, such as three cookies of 4,096 bytes. */
  | 'ERR_STORE_TOO_LARGE'
  /** Permission denied, read-only, blocked by the browser or refused by the user. */
  | 'ERR_STORE_DENIED'
  /** Other users could read or replace the entry: a symlink, a foreign owner, a mode that is too open. */
  | 'ERR_STORE_INSECURE'
  /** The stored value is not a token set. */
  | 'ERR_STORE_GARBAGE'
  /** A newer version wrote the stored session. It is left as it is. */
  | 'ERR_STORE_NEWER'
  /** The stored session was encrypted with another key. It is left as it is. */
  | 'ERR_STORE_WRONG_KEY'
  /** The write was too late: a newer session is stored already, and stays. */
  | 'ERR_STORE_OVERTAKEN'
  /** An invalid option. Thrown when the store is made. */
  | 'ERR_INVALID_OPTION'
  /** The store needs a package that is not installed. */
  | 'ERR_STORE_PEER_MISSING'

const brand = Symbol.for('latchkey.error')

/**
 * The error that stores throw. A manager then keeps the session in memory and reports the error in its event
 * `storeFailed`. `code` is stable, for use in a `switch`. The system's own error (`ENOSPC`, a
 * `QuotaExceededError`) is the `cause`. It never holds a token.
 *
 * Core's `isLatchkeyError()` recognises it by its brand, so that importing a store does not load core.
 */
export class StoreError extends Error {
  /** `'StoreError'`. */
  override name = 'StoreError'
  /** What happened. */
  readonly code: StoreErrorCode

  /** Makes one. */
  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  /** @internal The brand that core recognises. */
  get [brand](): true {
    return true
  }
}
