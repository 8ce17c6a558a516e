import type { Scheme, TokenSet } from '@latchkey/core'
import { invalidOption } from '@latchkey/core/service'
import { parseSetCookie } from 'cookie'

/**
 * Start of the marker that is stored instead of a cookie's value if the platform keeps the cookie itself.
 * The rest of the marker is different for each sign-in.
 */
const MARKER = 'in-the-cookie-jar:'

/**
 * Returns whether the platform keeps cookies and sends them by itself, as browsers do. Scripts then neither
 * see nor set them. Elsewhere `Set-Cookie` is a header like any other.
 */
function hasCookieJar(): boolean {
  const canSend = new Request('http://localhost', { headers: { cookie: 'a=b' } }).headers
  return !canSend.has('cookie') || !('getSetCookie' in Headers.prototype)
}

/** Makes our own requests send the platform's cookies, to other origins too. */
export function withCookieJar(): RequestInit {
  return hasCookieJar() ? { credentials: 'include' } : {}
}

// Not randomUUID(), which a page on plain http does not have.
const newMarker = () => MARKER + crypto.getRandomValues(new Uint32Array(4)).join('-')

/** Marker for a cookie that the platform may still hold from an earlier visit. */
export function unseenCookie(): string | undefined {
  return hasCookieJar() ? newMarker() : undefined
}

/** A cookie that an answer sets. `expiresAt` in epoch milliseconds. */
export interface SetCookie {
  value: string
  expiresAt: number | undefined
}

/** A cookie, and others that are valid only together with it. */
export interface CookiePlace {
  /** The cookie's name. */
  cookie: string
  /**
   * The names of cookies that are valid only together with it. Names that begin with its name and a dot, such as pieces
   * or Koa's signatures (`sid.sig`), are included without being listed.
   */
  with?: readonly string[]
}

/**
 * Returns the cookie that an answer sets, exactly as it has to be sent; a marker if the platform keeps it.
 * Returns `undefined` if the answer does not set it, or deletes it.
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
 * Does the same for an ordinary answer, which may renew some of the cookies, or none.
 *
 * @param before The current cookies. Absent if the platform keeps them, because it does not show them.
 */
export function renewedCookie(
  headers: Headers,
  place: CookiePlace,
  now: number,
  before: string | undefined,
): SetCookie | undefined {
  return hasCookieJar() ? undefined : together(headers, place, now, before)
}

/** Joins cookies that belong together: the value of the first, then the others: `v;sid.sig=s`. */
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
  // A server may delete the cookie of another path in the same answer.
  const kept = set.filter((cookie) => cookie.value && (expiryOf(cookie, now) ?? Infinity) > now)
  const line = kept.findLast((cookie) => cookie.name === name) ?? kept[0]
  if (!line) return undefined
  const known = before
    .split(';')
    .slice(1)
    .map((pair) => pair.split(/=(.*)/s, 2))
  const values = new Map(known.map(([own = '', value = '']) => [own, value]))
  values.set(name, before.split(';', 1)[0] ?? '')
  for (const cookie of set) values.delete(cookie.name)
  for (const cookie of kept) values.set(cookie.name, cookie.value ?? '')
  const first = values.get(name) ?? ''
  values.delete(name)
  const value = [first, ...[...values].map((pair) => pair.join('='))].join(';')
  return { value, expiresAt: expiryOf(line, now) }
}

const expiryOf = ({ maxAge, expires }: ReturnType<typeof parseSetCookie>, now: number) =>
  maxAge === undefined ? expires?.getTime() : now + maxAge * 1000

/** Returns all cookies that an answer sets, for a sign-in of several steps; none if the platform keeps them. */
export function allCookies(headers: Headers): string {
  if (hasCookieJar()) return ''
  const lines = headers.getSetCookie().map((text) => text.split(';', 1)[0]?.trim() ?? '')
  return lines.filter((pair) => /=./.test(pair)).join('; ')
}

/** Returns the request headers that carry the cookie; none if the platform adds it. */
export function cookieHeaders(name: string, value: string): Record<string, string> {
  // Of a cookie in pieces there may be only the pieces.
  const all = value.startsWith(';') ? value.slice(1) : `${name}=${value}`
  return isUnseen(value) ? {} : { cookie: all.replaceAll(';', '; ') }
}

/** Returns whether a token is a marker for a cookie that only the platform sees. */
export const isUnseen = (value: string): boolean => value.startsWith(MARKER)

/**
 * Sends the access token as the cookie `name`. If the platform keeps cookies, it sends them itself and the
 * request gets no header. Elsewhere the header is `Cookie: name=token`, unless the caller has set one.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` when `name` cannot name a cookie (RFC 6265 section 4.1.1).
 */
export function cookieScheme(name: string): Scheme {
  checkCookieName('cookieScheme()', name)
  const headers = ({ accessToken }: TokenSet) => cookieHeaders(name, accessToken)
  // A page cannot set a `Cookie` header, so there is none of the caller's to respect.
  return { name: `cookie ${name}`, ...(!hasCookieJar() && { header: 'cookie' }), headers }
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option. */
export function checkCookieName(option: string, name: unknown): void {
  if (typeof name === 'string' && /^[!#$%&'*+.^`|~\w-]+$/.test(name)) return
  throw invalidOption(`\`${option}\` must be a valid cookie name.`)
}
