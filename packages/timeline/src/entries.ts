/** What every entry says: which one it is, counted from 1, and when it was, in epoch milliseconds. */
interface Entry {
  /** Counts the entries, from 1. */
  readonly id: number
  /** When, in epoch milliseconds. */
  readonly at: number
}

/** One request to the manager's origins; all its entries carry the same number. */
interface AboutRequest extends Entry {
  /** Counts the requests, from 1. */
  readonly request: number
  /** The HTTP method. */
  readonly method: string
  /** Origin and path, or what `showUrl` made of them. */
  readonly url: string
  /** 1 for the first sending, 2 for the replay. */
  readonly attempt: number
}

/** It waits for a token: before it is sent, or (attempt 2) after the server refused the one it had. */
export interface WaitingEntry extends AboutRequest {
  /** Tells the kinds of entries apart. */
  readonly kind: 'waiting'
}

/** It goes out with the token of `generation`. Attempt 2 is a replay. */
export interface SentEntry extends AboutRequest {
  /** Tells the kinds of entries apart. */
  readonly kind: 'sent'
  /** Which of the manager's token sets it carries. */
  readonly generation: number
  /** How long it waited for that; 0: not at all. */
  readonly waitedMs: number
  /** Which renewal it waited for, if it waited for one. */
  readonly renewal?: number
}

/** The server answered. Whether that was the end, the next entry of the request tells. */
export interface AnsweredEntry extends AboutRequest {
  /** Tells the kinds of entries apart. */
  readonly kind: 'answered'
  /** The HTTP status. */
  readonly status: number
  /** How long the answer took. */
  readonly durationMs: number
}

/** No token, or no better one: it is not sent, or not again, and the caller is told. */
export interface GaveUpEntry extends AboutRequest {
  /** Tells the kinds of entries apart. */
  readonly kind: 'gaveUp'
  /** How long it waited in vain. */
  readonly waitedMs: number
  /** Which failed renewal it waited for, if it waited for one. */
  readonly renewal?: number
  /** A code of `docs/errors.md`, or `'aborted'`. Missing: the refusal was not about the token. */
  readonly code?: string
}

/** A grant gave a new token set, and it is stored. */
export interface RenewedEntry extends Entry {
  /** Tells the kinds of entries apart. */
  readonly kind: 'renewed'
  /** Counts the renewals, from 1. */
  readonly renewal: number
  /** The new token set's number. */
  readonly generation: number
  /** The name of the grant that gave it. */
  readonly grant: string
  /** How long the renewal took. */
  readonly durationMs: number
}

/** A renewal ended without a token set. */
export interface RenewalFailedEntry extends Entry {
  /** Tells the kinds of entries apart. */
  readonly kind: 'renewalFailed'
  /** Counts the renewals, from 1. */
  readonly renewal: number
  /** `'rejected'`: a definite no. `'unavailable'` and `'deferred'`: the session is kept. */
  readonly outcome: 'rejected' | 'unavailable' | 'deferred'
  /** Why: a code of `docs/errors.md`. */
  readonly code: string
  /** How long it took, counted from the first request that waited for it, or from when the grants were asked. */
  readonly durationMs: number
}

/**
 * A token set that no renewal of this manager brought: out of the store, from another tab, process or run,
 * or from a sign-in. Noticed when the first request goes out with it, and numbered among the renewals.
 */
export interface AdoptedEntry extends Entry {
  /** Tells the kinds of entries apart. */
  readonly kind: 'adopted'
  /** Its number among the renewals. */
  readonly renewal: number
  /** The token set's number. */
  readonly generation: number
}

/** The session is over. */
export interface SignedOutEntry extends Entry {
  /** Tells the kinds of entries apart. */
  readonly kind: 'signedOut'
  /**
   * `'signOut'`: here. `'rejected'`: no grant could go on. `'elsewhere'`: in another tab, process or
   * run.
   */
  readonly reason: 'signOut' | 'rejected' | 'elsewhere'
}

/** The store failed, and the manager went on in memory. */
export interface StoreFailedEntry extends Entry {
  /** Tells the kinds of entries apart. */
  readonly kind: 'storeFailed'
  /** What the store was asked to do. */
  readonly operation: 'get' | 'set' | 'remove' | 'subscribe'
  /** The store's own code, where it has one; else `ERR_STORE_FAILED`. */
  readonly code: string
}

/** What may happen to a request. */
export type RequestEntry = WaitingEntry | SentEntry | AnsweredEntry | GaveUpEntry
/** How a token set came, or failed to. */
export type RenewalEntry = RenewedEntry | RenewalFailedEntry | AdoptedEntry

/** One thing that happened. Frozen plain data, without a token, a query or a user's name. */
export type TimelineEntry = RequestEntry | RenewalEntry | SignedOutEntry | StoreFailedEntry

/** A timeline as data: what `toJSON()` gives and every rendering takes. */
export interface Recording {
  /** The format's. */
  readonly version: 1
  /** Whose timeline it is, where that was said. */
  readonly name?: string
  /** When this was taken, in epoch milliseconds: what waits has waited until then. */
  readonly until: number
  /** How many older entries are no longer kept. */
  readonly dropped: number
  /** What is kept, oldest first. */
  readonly entries: readonly TimelineEntry[]
}
