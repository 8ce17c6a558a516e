import type { TokenSet } from '../token-set.ts'
import { memoryStore, type TokenStore } from '../store/token-store.ts'

/** The user that a service is configured to sign in by itself, and whether the session is still theirs. */
export interface ConfiguredUser<Credentials> {
  /** Returns the configured credentials for the chain, unless another user has signed in since. */
  credentials(): Credentials | undefined
  /** Records a sign-in, of the configured user or of another one. */
  entered(isConfigured: boolean): void
  /** Returns where to keep the session, given the configured user's store. */
  keepIn(store: TokenStore): TokenStore
}

/**
 * Keeps the sessions of different users apart. Once another user has signed in, the configured credentials are not
 * used and the session stays in memory. The store belongs to the configured user: here, in other processes, and
 * after a restart.
 *
 * @param isOwn Returns whether a session is the configured user's, if a token names its user. A stored session of
 *   another user is ignored and left in the store.
 */
export function configuredUser<Credentials>(
  configured: () => Credentials,
  isOwn?: (tokens: TokenSet) => boolean,
): ConfiguredUser<Credentials> {
  let others: TokenStore | undefined
  return {
    credentials: () => (others ? undefined : configured()),
    entered: (isConfigured) => void (others = isConfigured ? undefined : memoryStore()),
    keepIn(store) {
      const inUse = () => (others ?? store) as Required<TokenStore>
      const own = async (name: string) => {
        const tokens = await inUse().getToken(name)
        return !tokens || !isOwn || isOwn(tokens) ? { tokens } : undefined
      }
      const { lock, subscribe, canWrite, renewAheadMs } = store
      return {
        getToken: async (name) => (await own(name))?.tokens,
        setToken: (tokens, name) => inUse().setToken(tokens, name),
        async removeToken(name) {
          if (!isOwn || (await own(name))) await inUse().removeToken(name)
        },
        ...(renewAheadMs !== undefined && { renewAheadMs }),
        ...(canWrite && { canWrite: (name) => others !== undefined || canWrite.call(store, name) }),
        ...(lock && { lock: (name, run, signal) => inUse().lock(name, run, signal) }),
        ...(subscribe && { subscribe: (...given) => subscribe.apply(store, given) }),
      }
    },
  }
}
