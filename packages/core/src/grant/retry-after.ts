/** The longest a server is believed when it says "later", in milliseconds. */
const MAX_WAIT_MS = 60_000

/**
 * `Retry-After` (RFC 9110 section 10.2.3) in milliseconds from now, capped at 60_000; `undefined` for
 * none, a past date or garbage.
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
 * What a grant's error says about waiting: our own errors carry `retryAfterMs`, and every common
 * client's error carries the `response` with its headers.
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
