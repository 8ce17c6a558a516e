import type { TokenSet } from '../token-set.ts'
import { memoryStore, type TokenStore } from '../store/token-store.ts'

/** Who a service is configured to sign in by itself, and whether the session is still theirs. */
export interface ConfiguredUser<Credentials> {
  /** For the chain: the configured credentials, unless somebody else has signed in since. */
  credentials(): Credentials | undefined
  /** Somebody has signed in: the configured user, or somebody else. */
  entered(isConfigured: boolean): void
  /** Where the session is kept, given the configured user's store. */
  keepIn(store: TokenStore): TokenStore
}

/**
 * Nobody goes on as somebody else. Once somebody else than the configured user has signed in, the configured
 * credentials are not used, and the session stays in memory: the store is the configured user's, here, in
 * other processes and after a restart, which know no other.
 *
 * @param isOwn Where a token tells whose it is: a session in the store that is somebody else's is no session,
 *   and stays where it is.
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
        ...(lock && { lock: (name, run) => inUse().lock(name, run) }),
        ...(subscribe && { subscribe: (...given) => subscribe.apply(store, given) }),
      }
    },
  }
}
