import { LatchkeyError } from '../errors.ts'
import type { TokenSet } from '../token-set.ts'

/**
 * How a token set becomes request headers. Asked anew for every attempt, so it may sign each one; a
 * redirect within the origin takes the headers of its attempt along.
 */
export interface Scheme {
  /** Shown in error messages. */
  name: string
  /** The header it sets, where that is always the same: a caller's own one then needs no token of ours. */
  header?: string
  /** True: its headers depend on the token set alone, so they are made once for each. Default: false. */
  cacheable?: boolean
  /**
   * The headers for one attempt of one request. They replace nothing that the caller has set.
   *
   * @param tokens The token set in use.
   * @param request The final URL and the HTTP method, for schemes that sign them.
   */
  headers(
    tokens: TokenSet,
    request: { url: URL; method: string },
  ): HeadersInit | Promise<HeadersInit>
}

/** `Authorization: Bearer …` (RFC 6750 section 2.1). */
export function bearer(): Scheme {
  return {
    name: 'bearer',
    header: 'authorization',
    cacheable: true,
    headers: ({ accessToken }) => ({ authorization: `Bearer ${accessToken}` }),
  }
}

/** RFC 9110 section 5.1. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]+$/

/** Headers that belong to the connection, the body or the browser, or that are none at all. */
const REFUSED =
  /^(host|connection|content-.*|cookie|te|trailer|transfer-encoding|upgrade|__proto__)$/

/**
 * The bare token in a header of its own: `headerScheme('xc-auth')`.
 *
 * @param header An HTTP field name (RFC 9110 section 5.1), in any case; sent in lower case.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` for a name that is no field name, or one like `host`.
 */
export function headerScheme(header: string): Scheme {
  const name = typeof header === 'string' ? header.toLowerCase() : ''
  if (!FIELD_NAME.test(name) || REFUSED.test(name)) {
    throw new LatchkeyError(
      'ERR_INVALID_OPTION',
      `headerScheme() needs the name of a request header that may carry a token, such as "xc-auth", got ${JSON.stringify(header)}.`,
    )
  }
  return {
    name,
    header: name,
    cacheable: true,
    headers: ({ accessToken }) => ({ [name]: accessToken }),
  }
}

/** Headers of one attempt: lower-case names and values. */
export type RequestHeaders = Readonly<Record<string, string>>

/** RFC 9110 section 5.5, as clients have it. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Lower-case names and values. A header for which the scheme has no value is not sent. What no header can carry is
 * refused here: a client would print it.
 */
export function toRecord(init: HeadersInit): RequestHeaders {
  const isRecord = !Array.isArray(init) && !(Symbol.iterator in init)
  const entries: [string, unknown][] = isRecord ? Object.entries(init) : [...new Headers(init)]
  const given = entries.filter(([, value]) => value !== undefined && value !== null)
  if (!given.every(([name, value]) => FIELD_NAME.test(name) && SENDABLE.test(String(value))))
    throw new TypeError('A header has a name or a value that cannot be sent.')
  return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), String(value)]))
}
