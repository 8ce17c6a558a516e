import { causesOf } from '../errors.ts'

/** What a request ends with that has not left: it may be sent again, whatever it holds. */
const NOT_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Names and codes, as runtimes and clients give them, of connections that broke, of time that was up, and
 * of answers that broke off. `fetch` calls nearly all of them a TypeError.
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

/** Gateways that gave up on a server which may have done what it was asked (RFC 9110 section 15.6, and Cloudflare's). */
const GATEWAY: ReadonlySet<unknown> = new Set([499, 502, 504, 520, 524, 598, 599])

/** What clients' errors tell. A good status in an error: the answer broke off, or made no sense. */
interface Described {
  name?: unknown
  code?: unknown
  status?: number
  response?: { status?: number }
}

/**
 * Whether nobody can tell what became of a request: it may have been carried out, and the answer was
 * lost. A single-use refresh token that it held may be spent.
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
