import { describe, expect, it } from 'vitest'
import { COOKIE_JAR, readRefreshCookie, refreshCookieInit } from '../src/refresh-cookie.ts'

const headersOf = (...lines: string[]) => {
  const headers = new Headers()
  for (const line of lines) headers.append('set-cookie', line)
  return headers
}

const mine = 'refresh_token=abc123; Path=/; Expires=Sat, 21 Nov 2026 04:16:56 GMT; HttpOnly'
const read = { refreshToken: 'abc123', refreshExpiresAt: Date.UTC(2026, 10, 21, 4, 16, 56) }
const access = 'nc_token=a.b.c; Max-Age=36000; Path=/api; HttpOnly; SameSite=Lax'

describe('the refresh cookie', () => {
  it.each([
    ['alone', [mine]],
    ['before the access token of 2026', [mine, access]],
    ['after the access token of 2026', [access, mine]],
    ['after one of a load balancer', ['AWSALB=x; Expires=Sun, 22 Nov 2026 00:00:00 GMT', mine]],
    ['with what 2026 adds on https', [`${mine}; SameSite=Lax; Secure`]],
    ['in another order', ['refresh_token=abc123; HttpOnly; expires=Sat, 21 Nov 2026 04:16:56 GMT']],
  ])('is read by name: %s', (_, lines) => {
    expect(readRefreshCookie(headersOf(...lines), true)).toEqual(read)
  })

  it('may come without a date, or with one that cannot be read', () => {
    for (const line of ['refresh_token=abc123', 'refresh_token=abc123; Expires=soon']) {
      expect(readRefreshCookie(headersOf(line), true)).toEqual({ refreshToken: 'abc123' })
    }
  })

  it.each([
    ['none', []],
    ["another's", [access]],
    ['one that is cleared', ['refresh_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT']],
    ['one whose name only ends so', ['my_refresh_token=abc123']],
  ])('is not there: %s', (_, lines) => {
    expect(readRefreshCookie(headersOf(...lines), true)).toEqual({})
  })

  it('is a marker where scripts cannot read it, and the browser sends it', () => {
    expect(readRefreshCookie(headersOf(mine), false)).toEqual({ refreshToken: COOKIE_JAR })
    expect(refreshCookieInit(COOKIE_JAR)).toEqual({ credentials: 'include' })
  })
})
