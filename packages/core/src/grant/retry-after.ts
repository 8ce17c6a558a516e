/** The longest `Retry-After` that is observed, in milliseconds. */
const MAX_WAIT_MS = 60_000

/**
 * Parses `Retry-After` (RFC 9110 section 10.2.3). Returns milliseconds from now, at most 60_000. Returns
 * `undefined` if it is absent, in the past or invalid.
 *
 * @group For adapters and services
 */
export function parseRetryAfter(
  value: string | null | undefined,
  now = Date.now(),
): number | undefined {
  if (!value) return undefined
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return waitMs > 0 ? Math.min(waitMs, MAX_WAIT_MS) : undefined
}

/**
 * Returns how long a grant's error asks to wait. Our own errors have `retryAfterMs`. The error of every common
 * client has the `response` with its headers.
 */
export function retryAfterOf(error: unknown): number | undefined {
  const { retryAfterMs, response } = (error ?? {}) as {
    retryAfterMs?: unknown
    response?: { headers?: { get?: (name: string) => unknown } }
  }
  if (typeof retryAfterMs === 'number') return retryAfterMs
  const value = response?.headers?.get?.('retry-after')
  return parseRetryAfter(typeof value === 'string' ? value : undefined)
}
