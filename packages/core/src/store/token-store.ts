import type { TokenSet } from '../token-set.ts'

/** A value, or a promise of one: the result of a function that may be sync or async. */
export type MaybePromise<T> = T | Promise<T>

/**
 * Keeps token sets beyond the end of the process. Three methods are enough. Each may be sync or async, and may
 * return `null` or `undefined` for "none".
 */
export interface TokenStore {
  /** Returns the last value stored under `name`, by any process. `undefined` or `null`: there is none. */
  getToken(name: string): MaybePromise<TokenSet | null | undefined>
  /** Stores a session and replaces the old one as a whole. After it resolves, the session survives a crash. */
  setToken(tokens: TokenSet, name: string): MaybePromise<unknown>
  /** Forgets a session. Does nothing if there is none. */
  removeToken(name: string): MaybePromise<unknown>
  /**
   * Runs `run` while no other tab, process or machine runs one for `name`, and returns its result. Needed when
   * several managers share a session with single-use refresh tokens. Without it, two managers that renew at the
   * same time may present the same token. `run` always ends within the renewal's time limit.
   *
   * @param signal Aborts when the lock is not needed any more, because another process has renewed or the time limit
   *   is over. A store may then leave its queue and reject. If it calls `run` later, that ends at once.
   */
  lock?<T>(name: string, run: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /**
   * Calls `listener` when `name` has changed: in another tab, process or machine, or by this store itself, because
   * several managers may share it. Returns a function that stops this.
   */
  subscribe?(name: string, listener: () => void): () => void
  /**
   * How long before expiry a manager on this store renews by default, in milliseconds. Use 0 if a write in the
   * background may be lost: the request then waits for the renewal.
   */
  renewAheadMs?: number
  /**
   * Returns whether a session could be stored now: false for a read-only or full disk. The manager asks this under
   * the lock, before it presents a refresh token that may be single-use. It must not change `name`. Absent: always
   * writable.
   */
  canWrite?(name: string): MaybePromise<boolean>
  /** Returns the names in use, exactly as they were stored. */
  names?(): MaybePromise<string[]>
}

/** The contents of a store. If `error` is set, they are unknown: do not act on them. */
export interface Stored {
  tokens: TokenSet | undefined
  error: unknown
}

/** A store as the kernel uses it. Its methods never throw an error of the store. */
export interface KernelStore {
  /** Reads the stored value. */
  read(name: string): Promise<Stored>
  /** Writes `tokens`. Resolves even if the write failed. */
  write(tokens: TokenSet, name: string): Promise<void>
  /**
   * Empties the store.
   *
   * @param only Removes only this value and keeps any other. Absent: removes any value.
   * @returns The removed value, if it could be read.
   */
  remove(name: string, only?: TokenSet): Promise<TokenSet | undefined>
  /**
   * Runs `run` once with the stored value, while no other tab, process or machine does so, if the store has a
   * lock.
   *
   * @param signal Ends the wait, for the lock and for `run`, with its reason.
   * @throws What `run` throws; `ERR_RENEWAL_UNAVAILABLE` when the lock cannot be obtained.
   */
  exclusively<T>(
    name: string,
    signal: AbortSignal | undefined,
    run: (stored: Stored) => Promise<T>,
  ): Promise<T>
  /** Whether `exclusively()` keeps other processes out. */
  readonly isExclusive: boolean
  /** Returns whether a session could be stored now. Absent: the store does not know. */
  canWrite?(name: string): Promise<boolean>
  /** Calls `listener` when `name` has changed, if the store reports changes. Returns a function that stops this. */
  subscribe(name: string, listener: () => void): () => void
}

/** Creates a store in memory, which is the default. It keeps copies of token sets until the process ends. */
export function memoryStore(): TokenStore {
  const entries = new Map<string, TokenSet>()
  const turns = new Map<string, Promise<unknown>>()
  const listeners = new Set<{ name: string; listener: () => void }>()
  const changed = (name: string) => {
    for (const one of listeners) if (one.name === name) one.listener()
  }
  return {
    getToken(name) {
      const tokens = entries.get(name)
      return tokens && { ...tokens }
    },
    setToken(tokens, name) {
      entries.set(name, { ...tokens })
      changed(name)
    },
    removeToken(name) {
      entries.delete(name)
      changed(name)
    },
    names: () => [...entries.keys()],
    lock(name, run) {
      const turn = (turns.get(name) ?? Promise.resolve()).then(run)
      const freed = turn.catch(() => undefined) // the next holder runs even if this one failed
      turns.set(name, freed)
      return turn
    },
    subscribe(name, listener) {
      const one = { name, listener }
      listeners.add(one)
      return () => void listeners.delete(one)
    },
  }
}
