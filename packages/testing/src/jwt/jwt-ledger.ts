import { createLedger, type Ledger } from '../double/ledger.ts'
import { reused } from '../double/spend.ts'
import type { JwtSettings } from './jwt-options.ts'

/** What a request is for, by its method and path: the unit of counting and of injected faults. */
export type JwtRequestKind = 'signIn' | 'renewal' | 'signOut' | 'api' | 'preflight'

export const jwtRequestKinds: readonly JwtRequestKind[] = [
  'signIn',
  'renewal',
  'signOut',
  'api',
  'preflight',
]

export function kindOfJwt(
  { signIn, refresh, signOut }: JwtSettings,
  request: Request,
): JwtRequestKind {
  if (request.method === 'OPTIONS') return 'preflight'
  const { pathname } = new URL(request.url)
  if (pathname === signIn) return 'signIn'
  if (pathname === refresh) return 'renewal'
  return pathname === signOut ? 'signOut' : 'api'
}

/** One request that has been answered, without any secret. */
export interface LoggedJwtRequest {
  /** When it arrived, epoch ms by the double's clock. */
  readonly at: number
  /** The HTTP method. */
  readonly method: string
  /** Without query. */
  readonly path: string
  /** What it was for. */
  readonly kind: JwtRequestKind
  /** 0 when the connection broke instead of an answer. */
  readonly status: number
  /** Why the double refused it, such as `jwt expired`. */
  readonly reason: string | undefined
  /** True when an injected fault answered, not the server. */
  readonly fault: boolean
}

/** How often each thing happened since the double was made or `resetCounts()` was called. */
export interface JwtCounts {
  /** Every request that was answered, faults included. */
  readonly requests: number
  /** Sign-ins that were accepted. */
  readonly signIns: number
  /** Sign-ins that were refused. */
  readonly rejectedSignIns: number
  /** Renewals that the server carried out. */
  readonly renewals: number
  /** Renewals that the server itself refused. */
  readonly rejectedRenewals: number
  /** Refresh tokens that were presented again after their use: each one ended a session. */
  readonly reuses: number
  /** Sign-outs that were accepted. */
  readonly signOuts: number
  /** Requests to the API, whatever the answer. */
  readonly apiRequests: number
  /** Answers of the API with status 401. */
  readonly unauthorized: number
  /** Requests that an injected fault answered. */
  readonly faults: number
}

type MutableCounts = { -readonly [Name in keyof JwtCounts]: number }

export const createJwtLedger = (): Ledger<LoggedJwtRequest, JwtCounts> =>
  createLedger<LoggedJwtRequest, MutableCounts>(noCounts, count)

function noCounts(): MutableCounts {
  return {
    requests: 0,
    signIns: 0,
    rejectedSignIns: 0,
    renewals: 0,
    rejectedRenewals: 0,
    reuses: 0,
    signOuts: 0,
    apiRequests: 0,
    unauthorized: 0,
    faults: 0,
  }
}

function count(counts: MutableCounts, { kind, status, reason, fault }: LoggedJwtRequest): void {
  counts.requests += 1
  if (kind === 'api') counts.apiRequests += 1
  if (kind === 'api' && status === 401) counts.unauthorized += 1
  if (fault) {
    counts.faults += 1
    return
  }
  if (reason === reused) counts.reuses += 1
  const accepted = status < 300
  if (kind === 'signIn') counts[accepted ? 'signIns' : 'rejectedSignIns'] += 1
  if (kind === 'renewal') counts[accepted ? 'renewals' : 'rejectedRenewals'] += 1
  if (kind === 'signOut' && accepted) counts.signOuts += 1
}
