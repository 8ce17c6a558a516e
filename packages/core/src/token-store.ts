import type { TokenSet } from './token-set.ts'

export type MaybePromise<T> = T | Promise<T>

/**
 * Where a token set outlives the process. Three methods suffice; each may be sync or async, and
 * `null` for "none" is as good as `undefined`.
 */
export interface TokenStore {
  getToken(name: string): MaybePromise<TokenSet | null | undefined>
  setToken(tokens: TokenSet, name: string): MaybePromise<unknown>
  removeToken(name: string): MaybePromise<unknown>
  /** Runs `run` while no other tab, process or machine runs one for `name`; gives its result. */
  lock?<T>(name: string, run: () => Promise<T>): Promise<T>
  /** Calls `listener` when somebody else changed `name`. Returns how to stop. */
  subscribe?(name: string, listener: () => void): () => void
  /** The names in use. */
  names?(): MaybePromise<string[]>
}

/** Keeps token sets for as long as the process lives. The default. */
export function memoryStore(): TokenStore {
  const entries = new Map<string, TokenSet>()
  return {
    getToken: (name) => entries.get(name),
    setToken: (tokens, name) => void entries.set(name, tokens),
    removeToken: (name) => void entries.delete(name),
    names: () => [...entries.keys()],
  }
}
