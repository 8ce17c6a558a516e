import type { TokenSet, TokenStore } from '@latchkey/core'
import { jwtDecode } from 'jwt-decode'

/**
 * `store` as `email` may see it: a session that was left there by somebody else is no session, so one
 * user never acts as another. Give each user a `name` to keep both.
 */
export function ownSession(store: TokenStore, email: string): TokenStore {
  return {
    getToken: async (name) => {
      const tokens = await store.getToken(name)
      return tokens && isElse(tokens, email) ? undefined : tokens
    },
    setToken: (tokens, name) => store.setToken(tokens, name),
    removeToken: (name) => store.removeToken(name),
    ...(store.lock && { lock: (name, run) => (store as Required<TokenStore>).lock(name, run) }),
    ...(store.subscribe && {
      subscribe: (name, listener) => (store as Required<TokenStore>).subscribe(name, listener),
    }),
  }
}

/** NocoDB's access tokens name their user. What cannot be read is left to the server to judge. */
function isElse({ accessToken }: TokenSet, email: string): boolean {
  try {
    const claims = jwtDecode<{ email?: unknown } | null>(accessToken)
    const owner = claims?.email
    return typeof owner === 'string' && owner.toLowerCase() !== email.toLowerCase()
  } catch {
    return false
  }
}
