import type { TokenSet, TokenStore } from '@latchkey/core'
import { jwtDecode } from 'jwt-decode'

/**
 * `store` as one user may see it: a session that was left there by somebody else is no session, and
 * stays where it is. So one user never acts as another. Give each user a `name` to keep both.
 *
 * @param email Whose store it is now; `undefined` takes any session.
 */
export function ownSession(store: TokenStore, email: () => string | undefined): TokenStore {
  const own = async (name: string) => {
    const tokens = await store.getToken(name)
    return { tokens, isMine: !tokens || belongsTo(tokens, email()) }
  }
  return {
    getToken: async (name) => {
      const { tokens, isMine } = await own(name)
      return isMine ? tokens : undefined
    },
    setToken: (tokens, name) => store.setToken(tokens, name),
    removeToken: async (name) => {
      if ((await own(name)).isMine) await store.removeToken(name)
    },
    ...(store.lock && { lock: (name, run) => (store as Required<TokenStore>).lock(name, run) }),
    ...(store.subscribe && {
      subscribe: (name, listener) => (store as Required<TokenStore>).subscribe(name, listener),
    }),
  }
}

/** NocoDB's access tokens name their user. What cannot be read is left to the server to judge. */
function belongsTo({ accessToken }: TokenSet, email: string | undefined): boolean {
  if (email === undefined) return true
  try {
    const owner = jwtDecode<{ email?: unknown } | null>(accessToken)?.email
    return typeof owner !== 'string' || isSameUser(owner, email)
  } catch {
    return true
  }
}

/** NocoDB takes e-mail addresses in any case. */
export function isSameUser(email: string, other: string | undefined): boolean {
  return email.toLowerCase() === other?.toLowerCase()
}
