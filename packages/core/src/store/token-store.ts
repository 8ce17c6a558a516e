import type { TokenSet } from '../token-set.ts'

/** A value, or a promise of it: what may be sync or async. */
export type MaybePromise<T> = T | Promise<T>

/**
 * Where a token set outlives the process. Three methods suffice; each may be sync or async, and
 * `null` for "none" is as good as `undefined`.
 */
export interface TokenStore {
  /** What was stored last under `name`, whoever stored it; `undefined` or `null` for none. */
  getToken(name: string): MaybePromise<TokenSet | null | undefined>
  /**
   * Stores a session, in place of the old one as a whole. Once it resolves, it would survive a crash.
   */
  setToken(tokens: TokenSet, name: string): MaybePromise<unknown>
  /** Forgets a session. No error when there was none. */
  removeToken(name: string): MaybePromise<unknown>
  /**
   * Runs `run` while no other tab, process or machine runs one for `name`, and gives its result. Needed
   * wherever several managers share a session whose refresh tokens are single-use: without it, two that
   * renew at once may both present the same one. `run` ends by itself within the renewal's time limit.
   */
  lock?<T>(name: string, run: () => Promise<T>): Promise<T>
  /**
   * Calls `listener` when `name` has changed: in another tab, process or machine, and also by this very store, since
   * several managers may share it. Returns how to stop.
   */
  subscribe?(name: string, listener: () => void): () => void
  /**
   * How long before expiry a manager on this store renews unless it is told otherwise, in milliseconds.
   * 0, where what is stored behind a request's back may be lost: a renewal is then waited for.
   */
  renewAheadMs?: number
  /**
   * Whether a session could be stored now: false for a read-only or full disk. Asked under the lock before a refresh
   * token is presented that may be good for once only. Leaves `name` as it is. Absent: it could.
   */
  canWrite?(name: string): MaybePromise<boolean>
  /** The names in use, as they were given. */
  names?(): MaybePromise<string[]>
}

/** What a store holds. With an `error` that is unknown: do not act on it. */
export interface Stored {
  tokens: TokenSet | undefined
  error: unknown
}

/** A store as the kernel uses it: none of its methods throws what a store threw. */
export interface KernelStore {
  /** What is stored now. */
  read(name: string): Promise<Stored>
  /** Writes `tokens`; resolves also where that failed. */
  write(tokens: TokenSet, name: string): Promise<void>
  /**
   * Empties the store.
   *
   * @param only Nothing is removed where something else is found. Absent: whatever is found.
   * @returns What was there, if it could be read.
   */
  remove(name: string, only?: TokenSet): Promise<TokenSet | undefined>
  /**
   * Runs `run` once, with what is stored then, while no other tab, process or machine does, where the store can keep
   * them out.
   *
   * @param signal Ends the waiting, for the lock and for `run`, with its reason.
   * @throws What `run` throws; `ERR_RENEWAL_UNAVAILABLE` when the lock cannot be had.
   */
  exclusively<T>(
    name: string,
    signal: AbortSignal | undefined,
    run: (stored: Stored) => Promise<T>,
  ): Promise<T>
  /** Whether others are kept out. */
  readonly isExclusive: boolean
  /** Whether a session could be stored now. Absent: the store cannot tell. */
  canWrite?(name: string): Promise<boolean>
  /** Calls `listener` when `name` has changed, where the store can tell. Returns how to stop. */
  subscribe(name: string, listener: () => void): () => void
}

/** Keeps copies of token sets for as long as the process lives. The default. */
export function memoryStore(): TokenStore {
  const entries = new Map<string, TokenSet>()
  const turns = new Map<string, Promise<unknown>>()
  return {
    getToken(name) {
      const tokens = entries.get(name)
      return tokens && { ...tokens }
    },
    setToken: (tokens, name) => void entries.set(name, { ...tokens }),
    removeToken: (name) => void entries.delete(name),
    names: () => [...entries.keys()],
    lock(name, run) {
      const turn = (turns.get(name) ?? Promise.resolve()).then(run)
      const freed = turn.catch(() => undefined) // the next holder does not care how it went
      turns.set(name, freed)
      return turn
    },
  }
}
