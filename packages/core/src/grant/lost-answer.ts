import { causesOf } from '../errors.ts'

/** Errors of a request that was never sent. It may be sent again, even with a single-use token. */
const NOT_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Names and codes of errors after which the answer is lost: a broken connection, a time limit, an answer cut
 * short. `fetch` reports nearly all of them as a TypeError.
 */
const LOST: ReadonlySet<unknown> = new Set([
  'TypeError',
  'SyntaxError',
  'AbortError',
  'TimeoutError',
  'NetworkError',
  'ERR_NETWORK',
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_UNUSABLE_TOKEN',
])

/**
 * Gateways that stopped waiting for a server that may have done the work (RFC 9110 section 15.6, and
 * Cloudflare's).
 */
const GATEWAY: ReadonlySet<unknown> = new Set([499, 502, 504, 520, 522, 524, 598, 599])

/**
 * Properties of clients' errors. An error with a successful status means that the answer was cut short or
 * unreadable.
 */
interface Described {
  name?: unknown
  code?: unknown
  status?: number
  response?: { status?: number }
}

/**
 * Returns whether the answer to a request was lost, so that the server may or may not have acted on it. A
 * single-use refresh token in that request may be used up.
 */
export function isAnswerLost(error: unknown): boolean {
  let isLost = false
  for (const one of causesOf(error)) {
    const { name, code, response, status } = one as Described
    const answered = status ?? response?.status ?? 0
    if (GATEWAY.has(answered)) return true
    if (answered >= 400 || NOT_SENT.has(code)) return false
    isLost ||= answered > 0 || LOST.has(name) || LOST.has(code)
  }
  return isLost
}
