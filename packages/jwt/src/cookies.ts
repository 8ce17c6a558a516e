import type { Scheme, TokenSet } from '@latchkey/core'
import { invalidOption } from '@latchkey/core/service'
import { parseSetCookie } from 'cookie'

/**
 * Starts what is kept in place of a cookie's value where the platform keeps the cookie itself: "there is
 * one in the cookie jar". What follows tells one sign-in from the next.
 */
const MARKER = 'in-the-cookie-jar:'

/**
 * Whether the platform keeps cookies and sends them by itself, as browsers do: then nobody here sees or
 * sets one. Elsewhere `Set-Cookie` is a header like any other.
 */
function hasCookieJar(): boolean {
  const canSend = new Request('http://localhost', { headers: { cookie: 'a=b' } }).headers
  return !canSend.has('cookie') || !('getSetCookie' in Headers.prototype)
}

/** How our own requests are told to take the cookie jar along, to other origins too. */
export function withCookieJar(): RequestInit {
  return hasCookieJar() ? { credentials: 'include' } : {}
}

// Not randomUUID(), which a page on plain http does not have.
const newMarker = () => MARKER + crypto.getRandomValues(new Uint32Array(4)).join('-')

/** What stands for a cookie that the jar may still hold from an earlier visit. */
export function unseenCookie(): string | undefined {
  return hasCookieJar() ? newMarker() : undefined
}

/** A cookie that an answer sets. `expiresAt` in epoch milliseconds. */
export interface SetCookie {
  value: string
  expiresAt: number | undefined
}

/** A cookie, and others that only count together with it. */
export interface CookiePlace {
  /** The cookie's name. */
  cookie: string
  /**
   * The names of others that only count together with it. Those that begin with its name and a dot, as pieces and the
   * signatures of Koa do (`sid.sig`), need not be named.
   */
  with?: readonly string[]
}

/**
 * The cookie that came with an answer, exactly as it has to go back; a marker where the platform has put it away.
 * `undefined` when the answer sets none, or deletes it.
 */
export function readCookie(
  headers: Headers,
  place: CookiePlace,
  now: number,
): SetCookie | undefined {
  if (hasCookieJar()) return { value: newMarker(), expiresAt: undefined }
  return together(headers, place, now)
}

/**
 * The same for an ordinary answer, which may set some of the cookies anew, or none.
 *
 * @param before What there is. Absent where the platform keeps cookies: it puts them away unseen.
 */
export function renewedCookie(
  headers: Headers,
  place: CookiePlace,
  now: number,
  before: string | undefined,
): SetCookie | undefined {
  return hasCookieJar() ? undefined : together(headers, place, now, before)
}

/** All that belongs together, as the value of the first with the others behind it: `v;sid.sig=s`. */
function together(
  headers: Headers,
  { cookie: name, with: others = [] }: CookiePlace,
  now: number,
  before = '',
): SetCookie | undefined {
  const isOurs = (own: string) => own === name || own.startsWith(`${name}.`) || others.includes(own)
  const set = headers
    .getSetCookie()
    .map((text) => parseSetCookie(text, { decode: (value) => value }))
    .filter((cookie) => isOurs(cookie.name))
  const line = set.findLast((cookie) => cookie.name === name) ?? set[0]
  if (!line?.value) return undefined
  const expiresAt = line.maxAge === undefined ? line.expires?.getTime() : now + line.maxAge * 1000
  if (expiresAt !== undefined && expiresAt <= now) return undefined
  const known = before
    .split(';')
    .slice(1)
    .map((pair) => pair.split(/=(.*)/s, 2))
  const values = new Map(known.map(([own = '', value = '']) => [own, value]))
  values.set(name, before.split(';', 1)[0] ?? '')
  for (const { name: own, value } of set) if (value) values.set(own, value)
  const first = values.get(name) ?? ''
  values.delete(name)
  return { value: [first, ...[...values].map((pair) => pair.join('='))].join(';'), expiresAt }
}

/** All cookies that an answer sets, for a sign-in that takes several steps; none where the platform keeps them. */
export function allCookies(headers: Headers): string {
  if (hasCookieJar()) return ''
  const lines = headers.getSetCookie().map((text) => text.split(';', 1)[0]?.trim() ?? '')
  return lines.filter((pair) => /=./.test(pair)).join('; ')
}

/** The request headers that carry the cookie; none when the platform adds it. */
export function cookieHeaders(name: string, value: string): Record<string, string> {
  return isUnseen(value) ? {} : { cookie: `${name}=${value}`.replaceAll(';', '; ') }
}

/** Whether a token is one that only the platform's cookie jar has seen. */
export const isUnseen = (value: string): boolean => value.startsWith(MARKER)

/**
 * The access token as the cookie `name`. Where the platform keeps cookies it sends them itself, and the
 * request gets no header; elsewhere it is `Cookie: name=token`, unless the caller has set that header.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` when `name` cannot name a cookie (RFC 6265 section 4.1.1).
 */
export function cookieScheme(name: string): Scheme {
  checkCookieName('cookieScheme()', name)
  const headers = ({ accessToken }: TokenSet) => cookieHeaders(name, accessToken)
  // In a page a `Cookie` header is nobody's to set, so there is none of the caller's to look out for.
  return { name: `cookie ${name}`, ...(!hasCookieJar() && { header: 'cookie' }), headers }
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option. */
export function checkCookieName(option: string, name: unknown): void {
  if (typeof name === 'string' && /^[!#$%&'*+.^`|~\w-]+$/.test(name)) return
  throw invalidOption(`\`${option}\` needs the name of a cookie.`)
}
