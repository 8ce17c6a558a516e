import type { TokenSet, TokenStore } from '@latchkey/core'

/** A token set as Sharetribe's SDKs store it: the unchanged answer of the server. */
export interface SharetribeTokens {
  /** The access token. */
  access_token: string
  /** `'bearer'`. */
  token_type: string
  /** Lifetime in seconds, from an unknown instant. */
  expires_in?: number
  /** The refresh token. Absent for an anonymous token. */
  refresh_token?: string
  /** The token's scope, such as `'user'` or `'public-read'`. */
  scope?: string
  /** Added by Latchkey and ignored by the SDKs: when the access token expires, in epoch milliseconds. */
  expiresAt?: number
}

/** A token store of Sharetribe's SDKs, such as `tokenStore.memoryStore()` or `expressCookieStore()`. */
export interface SharetribeTokenStore {
  /** Returns the stored token set, or nothing. */
  getToken(): unknown
  /** Stores a token set, replacing the old one. */
  setToken(token: SharetribeTokens): unknown
  /** Removes the token set. */
  removeToken(): unknown
}

/** Scopes of a session with a refresh token and without one, if the server returned none. */
export interface Scopes {
  session: string
  bare: string
}

/**
 * Makes an SDK's own store a store of Latchkey, so that both share one session and each reads what the other
 * wrote. It holds one session, and ignores its name.
 */
export function sdkTokenStore(
  own: SharetribeTokenStore,
  scopes: Scopes,
  now: () => number,
): TokenStore {
  return {
    getToken: async () => read(await own.getToken()),
    setToken: (tokens) => own.setToken(write(tokens, scopes, now())),
    removeToken: () => own.removeToken(),
  }
}

/** Only converts the names. Core checks the values. */
function read(entry: unknown): TokenSet | undefined {
  if (entry === null || entry === undefined) return undefined
  const own: Partial<SharetribeTokens> = Object.assign(Object.create(null), entry)
  const { access_token, refresh_token, expiresAt, scope } = own
  return {
    accessToken: access_token as string,
    ...(refresh_token !== undefined && { refreshToken: refresh_token }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(scope !== undefined && { scope }),
  }
}

function write(
  { accessToken, refreshToken, expiresAt, scope }: TokenSet,
  scopes: Scopes,
  now: number,
): SharetribeTokens {
  const usual = refreshToken === undefined ? scopes.bare : scopes.session
  return {
    access_token: accessToken,
    token_type: 'bearer',
    scope: scope ?? usual,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(expiresAt !== undefined && {
      expires_in: Math.max(0, Math.floor((expiresAt - now) / 1000)),
      expiresAt,
    }),
  }
}
