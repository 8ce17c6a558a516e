/** What every entry contains. */
interface Entry {
  /** Counts the entries, from 1. */
  readonly id: number
  /** When, in epoch milliseconds. */
  readonly at: number
}

/** An entry about one request to the manager's origins. All entries of a request have the same number. */
interface AboutRequest extends Entry {
  /** Counts the requests, from 1. */
  readonly request: number
  /** The HTTP method. */
  readonly method: string
  /** The origin and path, or the result of `showUrl`. */
  readonly url: string
  /** 1 for the first attempt, 2 for the replay. */
  readonly attempt: number
}

/** The request waits for a token: before it is sent, or (attempt 2) after the server rejected its token. */
export interface WaitingEntry extends AboutRequest {
  /** The kind of entry. */
  readonly kind: 'waiting'
}

/** The request was sent with the token of `generation`. Attempt 2 is a replay. */
export interface SentEntry extends AboutRequest {
  /** The kind of entry. */
  readonly kind: 'sent'
  /** The number of the manager's token set that it carries. */
  readonly generation: number
  /** How long it waited for that token, in milliseconds. 0: it did not wait. */
  readonly waitedMs: number
  /** The number of the renewal it waited for, if any. */
  readonly renewal?: number
}

/** The server answered. The request's next entry, if any, shows what followed. */
export interface AnsweredEntry extends AboutRequest {
  /** The kind of entry. */
  readonly kind: 'answered'
  /** The HTTP status. */
  readonly status: number
  /** How long the answer took, in milliseconds. */
  readonly durationMs: number
}

/** The manager had no token, or no better one. The request was not sent, or not replayed. */
export interface GaveUpEntry extends AboutRequest {
  /** The kind of entry. */
  readonly kind: 'gaveUp'
  /** How long it waited without success, in milliseconds. */
  readonly waitedMs: number
  /** The number of the failed renewal it waited for, if any. */
  readonly renewal?: number
  /** A code of `docs/errors.md`, or `'aborted'`. Absent: the server's answer was not about the token. */
  readonly code?: string
}

/** A grant returned a new token set, and it is stored. */
export interface RenewedEntry extends Entry {
  /** The kind of entry. */
  readonly kind: 'renewed'
  /** Counts the renewals, from 1. */
  readonly renewal: number
  /** The number of the new token set. */
  readonly generation: number
  /** The name of the grant that returned it. */
  readonly grant: string
  /** How long the renewal took, in milliseconds. */
  readonly durationMs: number
}

/** A renewal ended without a token set. */
export interface RenewalFailedEntry extends Entry {
  /** The kind of entry. */
  readonly kind: 'renewalFailed'
  /** Counts the renewals, from 1. */
  readonly renewal: number
  /** `'rejected'`: a definite no. `'unavailable'` and `'deferred'`: the session is kept. */
  readonly outcome: 'rejected' | 'unavailable' | 'deferred'
  /** The reason: a code of `docs/errors.md`. */
  readonly code: string
  /** How long it took in milliseconds, from the first waiting request or from the first grant that was asked. */
  readonly durationMs: number
}

/**
 * A token set from a sign-in, or from the store, where another tab, process or run put it. It was not renewed by
 * this manager. Recorded when the first request carries it, and numbered like a renewal.
 */
export interface AdoptedEntry extends Entry {
  /** The kind of entry. */
  readonly kind: 'adopted'
  /** Its number among the renewals. */
  readonly renewal: number
  /** The number of the token set. */
  readonly generation: number
}

/** The session has ended. */
export interface SignedOutEntry extends Entry {
  /** The kind of entry. */
  readonly kind: 'signedOut'
  /**
   * `'signOut'`: signOut() was called here. `'rejected'`: no grant could obtain a token. `'elsewhere'`: another
   * tab, process or run ended it.
   */
  readonly reason: 'signOut' | 'rejected' | 'elsewhere'
}

/** The store failed, and the manager went on with the tokens in memory. */
export interface StoreFailedEntry extends Entry {
  /** The kind of entry. */
  readonly kind: 'storeFailed'
  /** The operation that failed. */
  readonly operation: 'get' | 'set' | 'remove' | 'subscribe'
  /** The store's own code, if it has one; else `ERR_STORE_FAILED`. */
  readonly code: string
}

/** An entry about a request. */
export type RequestEntry = WaitingEntry | SentEntry | AnsweredEntry | GaveUpEntry
/** An entry about a token set: it was obtained, or that failed. */
export type RenewalEntry = RenewedEntry | RenewalFailedEntry | AdoptedEntry

/** An entry of a timeline. Frozen plain data, without a token, a query or a user name. */
export type TimelineEntry = RequestEntry | RenewalEntry | SignedOutEntry | StoreFailedEntry

/** A timeline as data: the result of `toJSON()`, and the input of every rendering. */
export interface Recording {
  /** The version of the format. */
  readonly version: 1
  /** The timeline's `name` option, if it was set. */
  readonly name?: string
  /** When this was created, in epoch milliseconds. A request that still waits has waited until then. */
  readonly until: number
  /** How many older entries were removed. */
  readonly dropped: number
  /** The entries that are kept, oldest first. */
  readonly entries: readonly TimelineEntry[]
}
