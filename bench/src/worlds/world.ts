import { setTimeout as wait } from 'node:timers/promises'
import type { HttpClient } from '@azure/core-rest-pipeline'
import type { AxiosAdapter } from 'axios'
import { stubAdapter, stubFetch, stubHttpClient } from './stub-transports.ts'
import { issueTokens, type Tokens } from './tokens.ts'

/** Where a client sends and what it gets tokens from. Everybody who is compared gets one of its own. */
export interface World {
  origin: string
  fetch: typeof fetch
  /** What axios sends with; `undefined`: its own. */
  adapter: AxiosAdapter | undefined
  httpClient: HttpClient
  /** Bodies are read, as a connection asks for. */
  reads: boolean
  /** The token set to begin with. */
  tokens: Tokens
  renew(): Promise<Tokens>
}

export interface StubWorld extends World {
  /** How often somebody asked for new tokens. */
  renewals(): number
  /** How many requests have arrived. */
  sends(): number
  /** From now on the tokens given so far are answered with 401. */
  killTokens(): void
}

/** How long a server far away takes, in milliseconds. 0: it answers at once. */
export interface Latency {
  tripMs: number
  renewMs: number
}

const HOUR_MS = 3_600_000

/**
 * A server in this process that answers by itself, so that what is measured is the client and what
 * stands around it.
 */
export function stubWorld({ tripMs, renewMs }: Latency = { tripMs: 0, renewMs: 0 }): StubWorld {
  let issued = 1
  let renewals = 0
  let sends = 0
  let alive = true
  let tokens = issueTokens(issued, HOUR_MS)
  let valid = `Bearer ${tokens.accessToken}`
  const judge = (authorization: string | null) => {
    sends += 1
    return alive || (authorization !== null && authorization === valid) ? 200 : 401
  }
  const answer = async (authorization: string | null): Promise<number> => {
    const status = judge(authorization)
    if (tripMs > 0) await wait(tripMs)
    return status
  }
  return {
    origin: 'https://bench.test',
    fetch: stubFetch(answer),
    adapter: stubAdapter(answer),
    httpClient: stubHttpClient(answer),
    reads: false,
    tokens,
    async renew() {
      renewals += 1
      if (renewMs > 0) await wait(renewMs)
      issued += 1
      tokens = issueTokens(issued, HOUR_MS)
      valid = `Bearer ${tokens.accessToken}`
      return tokens
    },
    renewals: () => renewals,
    sends: () => sends,
    killTokens() {
      alive = false
      valid = ''
    },
  }
}
