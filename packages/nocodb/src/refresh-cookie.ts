import type { TokenSet } from '@latchkey/core'

/** `Set-Cookie` with the refresh token, never quoted, and the date when it expires. */
const LINE = /^refresh_token=([^;]+)(?:.*;\s*expires=([^;]+))?/i

/** Marker stored instead of a refresh token that only the browser can read from its cookies. */
export const COOKIE_JAR = 'in-the-cookie-jar'

/** Returns whether this runtime lets us set a `Cookie` header. Browsers do not. */
export function canSendCookies(): boolean {
  return new Request('http://localhost', { headers: { cookie: 'a=b' } }).headers.has('cookie')
}

/**
 * Returns the refresh token of an answer to a sign-in or a refresh. It is picked by name, because NocoDB
 * 2026 sets a second cookie, `nc_token`. In a browser it is HttpOnly, so only a marker can be kept.
 *
 * @param readable Whether this runtime shows `Set-Cookie`.
 */
export function readRefreshCookie(
  headers: Headers,
  readable: boolean,
): Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'> {
  if (!readable) return { refreshToken: COOKIE_JAR }
  for (const line of headers.getSetCookie()) {
    const [, refreshToken, date = ''] = LINE.exec(line) ?? []
    if (!refreshToken) continue
    const refreshExpiresAt = Date.parse(date)
    return { refreshToken, ...(refreshExpiresAt && { refreshExpiresAt }) }
  }
  return {}
}

/** Request options that send a refresh token: as our `Cookie`, or with the browser's own cookies. */
export function refreshCookieInit(refreshToken: string): RequestInit {
  return refreshToken === COOKIE_JAR
    ? { credentials: 'include' }
    : { headers: { cookie: `refresh_token=${refreshToken}` } }
}
