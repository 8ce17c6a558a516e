import { LatchkeyError } from '../errors.ts'
import type { TokenSet } from '../token-set.ts'

/**
 * Turns a token set into request headers. The manager calls it for every attempt, so that it may sign each one. A
 * redirect within the origin keeps the headers of its attempt.
 */
export interface Scheme {
  /** Shown in error messages. */
  name: string
  /**
   * The header it sets, if that is always the same. If the caller has set this header, the manager needs no token.
   */
  header?: string
  /** True: its headers depend only on the token set, so they are made once per token set. Default: false. */
  cacheable?: boolean
  /**
   * Returns the headers for one attempt of one request. They never replace the caller's own headers.
   *
   * @param tokens The token set in use.
   * @param request The final URL and the HTTP method, for schemes that sign them.
   */
  headers(
    tokens: TokenSet,
    request: { url: URL; method: string },
  ): HeadersInit | Promise<HeadersInit>
}

/** Creates a scheme that sends `Authorization: Bearer …` (RFC 6750 section 2.1). */
export function bearer(): Scheme {
  return {
    name: 'bearer',
    header: 'authorization',
    cacheable: true,
    headers: ({ accessToken }) => ({ authorization: `Bearer ${accessToken}` }),
  }
}

/** A field name (RFC 9110 section 5.1). */
const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]+$/

/** Headers of the connection, the body or the browser, and names that are not headers. */
const REFUSED =
  /^(host|connection|content-.*|cookie|te|trailer|transfer-encoding|upgrade|__proto__)$/

/**
 * Creates a scheme that sends the bare token in its own header: `headerScheme('xc-auth')`.
 *
 * @param header An HTTP field name (RFC 9110 section 5.1), in any case; sent in lower case.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` if it is not a field name, or is one like `host`.
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

/** The headers of one attempt: names in lower case, and values. */
export type RequestHeaders = Readonly<Record<string, string>>

/** A field value (RFC 9110 section 5.5), as clients accept it. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Returns names in lower case, and values. Leaves out a header without a value. An invalid header is an error
 * here, because a client would print it.
 */
export function toRecord(init: HeadersInit): RequestHeaders {
  const isRecord = !Array.isArray(init) && !(Symbol.iterator in init)
  const entries: [string, unknown][] = isRecord ? Object.entries(init) : [...new Headers(init)]
  const given = entries.filter(([, value]) => value !== undefined && value !== null)
  if (!given.every(([name, value]) => FIELD_NAME.test(name) && SENDABLE.test(String(value))))
    throw new TypeError('The scheme returned a header with an invalid name or value.')
  return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), String(value)]))
}
