/** @returns the value of one cookie of a request, the first when it is sent twice. */
export function requestCookie(headers: Headers, name: string): string | undefined {
  for (const pair of (headers.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

/** @returns the `Set-Cookie` line for a refresh token. 2026 adds SameSite; none has Secure on http. */
export function refreshCookie(token: string, expiresAt: number, sameSite: boolean): string {
  const expires = new Date(expiresAt).toUTCString()
  return `refresh_token=${token}; Path=/; Expires=${expires}; HttpOnly${sameSite ? '; SameSite=Lax' : ''}`
}

/** @returns the `Set-Cookie` line that ends a session in the browser. */
export function clearedRefreshCookie(): string {
  return 'refresh_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
}

/** @returns the `Set-Cookie` line of the second cookie that 2026 sends: the access token itself. */
export function accessCookie(token: string): string {
  return `nc_token=${token}; Max-Age=36000; Path=/api; HttpOnly; SameSite=Lax`
}

export function clearedAccessCookie(): string {
  return 'nc_token=; Path=/api; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
}
