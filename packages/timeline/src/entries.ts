/** What every entry says: which one it is, counted from 1, and when it was, in epoch milliseconds. */
interface Entry {
  readonly id: number
  readonly at: number
}

/** One request to the manager's origins; all its entries carry the same number. */
interface AboutRequest extends Entry {
  readonly request: number
  readonly method: string
  /** Origin and path, or what `showUrl` made of them. */
  readonly url: string
  /** 1 for the first sending, 2 for the replay. */
  readonly attempt: number
}

/** It waits for a token: before it is sent, or (attempt 2) after the server refused the one it had. */
export interface WaitingEntry extends AboutRequest {
  readonly kind: 'waiting'
}

/** It goes out with the token of `generation`. Attempt 2 is a replay. */
export interface SentEntry extends AboutRequest {
  readonly kind: 'sent'
  readonly generation: number
  readonly waitedMs: number
  /** Which renewal it waited for, if it waited for one. */
  readonly renewal?: number
}

/** The server answered. Whether that was the end, the next entry of the request tells. */
export interface AnsweredEntry extends AboutRequest {
  readonly kind: 'answered'
  readonly status: number
  readonly durationMs: number
}

/** No token, or no better one: it is not sent, or not again, and the caller is told. */
export interface GaveUpEntry extends AboutRequest {
  readonly kind: 'gaveUp'
  readonly waitedMs: number
  /** Which failed renewal it waited for, if it waited for one. */
  readonly renewal?: number
  /** A code of `docs/errors.md`, or `'aborted'`. Missing: the refusal was not about the token. */
  readonly code?: string
}

/** A grant gave a new token set, and it is stored. */
export interface RenewedEntry extends Entry {
  readonly kind: 'renewed'
  readonly renewal: number
  readonly generation: number
  readonly grant: string
  readonly durationMs: number
}

/**
 * A renewal ended without a token set. `durationMs` is how long the first request waited for it; 0 when
 * it ran behind everybody's back.
 */
export interface RenewalFailedEntry extends Entry {
  readonly kind: 'renewalFailed'
  readonly renewal: number
  readonly outcome: 'rejected' | 'unavailable'
  readonly code: string
  readonly durationMs: number
}

/**
 * A token set that no renewal of this manager brought: out of the store, from another tab, process or run,
 * or from a sign-in. Noticed when the first request goes out with it, and numbered among the renewals.
 */
export interface AdoptedEntry extends Entry {
  readonly kind: 'adopted'
  readonly renewal: number
  readonly generation: number
}

/** The session is over. */
export interface SignedOutEntry extends Entry {
  readonly kind: 'signedOut'
  readonly reason: 'signOut' | 'rejected' | 'elsewhere'
}

/** The store failed, and the manager went on in memory. `code` is the store's own, where it has one. */
export interface StoreFailedEntry extends Entry {
  readonly kind: 'storeFailed'
  readonly operation: 'get' | 'set' | 'remove' | 'subscribe'
  readonly code: string
}

export type RequestEntry = WaitingEntry | SentEntry | AnsweredEntry | GaveUpEntry
export type RenewalEntry = RenewedEntry | RenewalFailedEntry | AdoptedEntry

/** One thing that happened. Frozen plain data, without a token, a query or a user's name. */
export type TimelineEntry = RequestEntry | RenewalEntry | SignedOutEntry | StoreFailedEntry

/** A timeline as data: what `toJSON()` gives and every rendering takes. */
export interface Recording {
  readonly version: 1
  readonly name?: string
  /** When this was taken, in epoch milliseconds: what waits has waited until then. */
  readonly until: number
  /** How many older entries are no longer kept. */
  readonly dropped: number
  readonly entries: readonly TimelineEntry[]
}
