import { unavailable } from '@latchkey/core/service'

/** An answer that took longer is too inaccurate, in milliseconds. */
const MAX_ELAPSED_MS = 16_000
/** A smaller difference from the server counts as in sync, in milliseconds. */
const IN_SYNC_MS = 2_000
/** Smaller later corrections are ignored, in milliseconds. */
const MIN_CORRECTION_MS = 10_000

/** The fetch and signal for one request for the time. */
export interface TimeQuestion {
  /** The plain `fetch`, whose requests are not intercepted. */
  fetch: typeof fetch
  /** Aborts when no caller waits for the time any more. */
  signal?: AbortSignal
}

/** Returns the server's time in epoch milliseconds; `undefined` if it is unknown. */
export type AskServerTime = (question: TimeQuestion) => Promise<number | undefined>

/** The server's clock once it was learnt; before that our own. */
export interface ServerTime {
  now(): number
  /** Learns the offset between both clocks. @throws the errors of the request; nothing then changes. */
  synchronize(question: TimeQuestion): Promise<void>
}

/**
 * Makes the server's clock, with the rules of the mobile SDKs: drops slow answers, ignores small differences, and
 * later corrects only large ones.
 *
 * @param now Our clock.
 */
export function createServerTime(now: () => number, ask: AskServerTime): ServerTime {
  let offsetMs: number | undefined
  return {
    now: () => now() + (offsetMs ?? 0),
    async synchronize(question) {
      const askedAt = now()
      const serverTime = await ask(question)
      const answeredAt = now()
      const elapsedMs = answeredAt - askedAt
      if (serverTime === undefined || !Number.isFinite(serverTime)) return
      if (elapsedMs < 0 || elapsedMs > MAX_ELAPSED_MS) return
      const measuredMs = serverTime + elapsedMs / 2 - answeredAt
      const newMs = Math.abs(measuredMs) < IN_SYNC_MS ? 0 : measuredMs
      if (offsetMs !== undefined && Math.abs(newMs - offsetMs) < MIN_CORRECTION_MS) return
      offsetMs = newMs
    },
  }
}

/**
 * Asks PowerAuth's `POST /pa/v3/status`, which needs no authentication. A server without it still has the time in
 * the `Date` header of its answer, to the second.
 *
 * @throws {LatchkeyError} `ERR_SERVER_UNAVAILABLE` for a 5xx or 429 without a date, and the errors of `fetch`.
 */
export function askStatus(url: string): AskServerTime {
  return async ({ fetch: send, signal }) => {
    const init: RequestInit = { method: 'POST', cache: 'no-store', credentials: 'omit' }
    const response = await send(url, { ...init, ...(signal && { signal }) })
    const told = response.ok ? readServerTime(await response.text()) : undefined
    if (!response.ok) await response.body?.cancel()
    const date = Date.parse(response.headers.get('date') ?? '')
    const time = told ?? (Number.isNaN(date) ? undefined : date)
    if (time === undefined && (response.status >= 500 || response.status === 429)) {
      const said = `${url} answered ${response.status} when asked for the server's time.`
      throw unavailable(said, response)
    }
    return time
  }
}

function readServerTime(body: string): number | undefined {
  try {
    const { responseObject } = JSON.parse(body) as { responseObject?: { serverTime?: unknown } }
    const time = responseObject?.serverTime
    return typeof time === 'number' && Number.isFinite(time) && time > 0 ? time : undefined
  } catch {
    return undefined
  }
}
