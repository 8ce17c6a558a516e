import type { TokenSet } from '@latchkey/core'

/** `Set-Cookie` with the refresh token, which needs no quotes, and the date of its end. */
const LINE = /^refresh_token=([^;]+)(?:.*;\s*expires=([^;]+))?/i

/** Stored in place of a refresh token that only the browser can see: "there is one in the cookie jar". */
export const COOKIE_JAR = 'in-the-cookie-jar'

/** Whether this runtime lets us send a `Cookie` ourselves. Browsers keep that to themselves. */
export function canSendCookies(): boolean {
  return new Request('http://localhost', { headers: { cookie: 'a=b' } }).headers.has('cookie')
}

/**
 * The refresh token that came with a sign-in or a refresh. NocoDB 2026 sets a second cookie,
 * `nc_token`, so it is picked by name. In a browser it is HttpOnly, and only a marker can be kept.
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

/** How a refresh token goes back: as our `Cookie`, or by letting the browser add its own. */
export function refreshCookieInit(refreshToken: string): RequestInit {
  return refreshToken === COOKIE_JAR
    ? { credentials: 'include' }
    : { headers: { cookie: `refresh_token=${refreshToken}` } }
}
