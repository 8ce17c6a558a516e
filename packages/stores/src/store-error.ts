/** What can go wrong with a store. One row each in `docs/errors.md`. */
export type StoreErrorCode =
  /** It could not be reached, read or written; that may pass. */
  | 'ERR_STORE_UNAVAILABLE'
  /** No answer in time. */
  | 'ERR_STORE_TIMEOUT'
  /** Somebody else holds the lock, or the keychain is locked. */
  | 'ERR_STORE_LOCKED'
  /** A disk, quota or storage is full. */
  | 'ERR_STORE_FULL'
  /** More than the place can hold: three cookies of 4,096 bytes, a credential of 2,560. */
  | 'ERR_STORE_TOO_LARGE'
  /** Permission denied, read-only, blocked by the browser or refused by the user. */
  | 'ERR_STORE_DENIED'
  /** Others could read or replace the entry: a symlink, a foreign owner, a mode that cannot be tightened. */
  | 'ERR_STORE_INSECURE'
  /** What is there is no token set. */
  | 'ERR_STORE_GARBAGE'
  /** What is there was written by a newer version; it is left as it is. */
  | 'ERR_STORE_NEWER'
  /** What is there was encrypted with a key that was not given; it is left as it is. */
  | 'ERR_STORE_WRONG_KEY'
  /** A write that came too late: something newer is there already, and stays. */
  | 'ERR_STORE_OVERTAKEN'
  /** An option that cannot be: said when the store is made. */
  | 'ERR_INVALID_OPTION'
  /** The store needs a package that is not installed. */
  | 'ERR_STORE_PEER_MISSING'

const brand = Symbol.for('latchkey.error')

/**
 * The one kind of error that stores throw. A manager goes on in memory and tells it in its event
 * `storeFailed`. `code` is stable and made for `switch`; the system's own error (`ENOSPC`, a
 * `QuotaExceededError`) is the `cause`. It never holds a token.
 *
 * Core's `isLatchkeyError()` knows it by its brand, so that importing a store does not load core.
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

  /** @internal How core knows it. */
  get [brand](): true {
    return true
  }
}
