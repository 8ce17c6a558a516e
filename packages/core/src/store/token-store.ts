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

/** A store as the kernel uses it. */
export interface KernelStore extends TokenStore {
  /** @param only Nothing is removed where something else is found. Absent: whatever is found. */
  removeToken(name: string, only?: TokenSet): MaybePromise<unknown>
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

/** What a store holds. With an `error`, that is unknown: nothing follows from it. */
export interface Stored {
  tokens: TokenSet | undefined
  error: unknown
}

export async function readStore(store: TokenStore, name: string): Promise<Stored> {
  try {
    return { tokens: (await store.getToken(name)) ?? undefined, error: undefined }
  } catch (error) {
    return { tokens: undefined, error }
  }
}
