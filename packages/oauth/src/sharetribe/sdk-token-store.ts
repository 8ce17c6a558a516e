import type { TokenSet, TokenStore } from '@latchkey/core'

/** A token set as Sharetribe's SDKs store it: the server's answer as it came. */
export interface SharetribeTokens {
  /** The access token. */
  access_token: string
  /** `'bearer'`. */
  token_type: string
  /** Seconds, from an instant that is not told. */
  expires_in?: number
  /** The refresh token; an anonymous token has none. */
  refresh_token?: string
  /** What the token allows, such as `'user'` or `'public-read'`. */
  scope?: string
  /** Ours, which the SDKs leave alone: when the access token expires, in epoch milliseconds. */
  expiresAt?: number
}

/** A token store of Sharetribe's SDKs, such as `tokenStore.memoryStore()` or `expressCookieStore()`. */
export interface SharetribeTokenStore {
  /** What was stored last, or nothing. */
  getToken(): unknown
  /** Stores a token set in place of the old one. */
  setToken(token: SharetribeTokens): unknown
  /** Forgets it. */
  removeToken(): unknown
}

/** The scope of a session with a refresh token, and of one without, where the server has told none. */
export interface Scopes {
  session: string
  bare: string
}

/**
 * An SDK's own store as a store of Latchkey's, so that both share one session: what the SDK wrote is
 * adopted, and what is written here the SDK can read. It holds one session and knows no name.
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

/** Core reads it with distrust; here only the names differ. */
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
