import { createLedger, type Ledger } from '../double/ledger.ts'
import { reused } from '../double/spend.ts'
import type { OAuthRequestKind } from './endpoints.ts'

/** One request that has been answered, without any secret. */
export interface LoggedOAuthRequest {
  /** When it arrived, epoch ms by the double's clock. */
  readonly at: number
  /** The HTTP method. */
  readonly method: string
  /** Without query. */
  readonly path: string
  /** What it was for. */
  readonly kind: OAuthRequestKind
  /** 0 when the connection broke instead of an answer. */
  readonly status: number
  /** The scheme of its `Authorization` header, in lower case: `basic`, `bearer`, `dpop`. */
  readonly authorization: string | undefined
  /** The OAuth error that the double answered, such as `invalid_grant`. */
  readonly error: string | undefined
  /** The double's reason for that error, such as `refresh token already used`. */
  readonly reason: string | undefined
  /** True when an injected fault answered, not the server. */
  readonly fault: boolean
}

/** How often each thing happened since the double was made or `resetCounts()` was called. */
export interface OAuthCounts {
  /** Every request that was answered, faults included. */
  readonly requests: number
  /** Requests to the token endpoint, whatever the grant and the answer, faults included. */
  readonly tokenRequests: number
  /** Sign-ins of users that were accepted: by code, password or device. */
  readonly signIns: number
  /** Sign-ins that the server refused. A device that has to wait, and a demand for a DPoP nonce, are not refusals. */
  readonly rejectedSignIns: number
  /** Tokens issued for client credentials. */
  readonly clientCredentials: number
  /** Renewals that the server carried out. */
  readonly renewals: number
  /** Renewals that the server refused, demands for a DPoP nonce apart. */
  readonly rejectedRenewals: number
  /** Refresh tokens that were presented again after their use: each one ended a session. */
  readonly reuses: number
  /** Tokens that clients revoked. */
  readonly revocations: number
  /** Answers that demanded a DPoP nonce. */
  readonly nonceDemands: number
  /** Requests to the API, whatever the answer. */
  readonly apiRequests: number
  /** Answers of the API with status 401. */
  readonly unauthorized: number
  /** Requests that an injected fault answered. */
  readonly faults: number
}

type MutableCounts = { -readonly [Name in keyof OAuthCounts]: number }

export const createOAuthLedger = (): Ledger<LoggedOAuthRequest, OAuthCounts> =>
  createLedger<LoggedOAuthRequest, MutableCounts>(noCounts, count)

function noCounts(): MutableCounts {
  return {
    requests: 0,
    tokenRequests: 0,
    signIns: 0,
    rejectedSignIns: 0,
    clientCredentials: 0,
    renewals: 0,
    rejectedRenewals: 0,
    reuses: 0,
    revocations: 0,
    nonceDemands: 0,
    apiRequests: 0,
    unauthorized: 0,
    faults: 0,
  }
}

const tokenKinds: readonly OAuthRequestKind[] = [
  'signIn',
  'devicePoll',
  'clientCredentials',
  'renewal',
]
const notRefusals = ['authorization_pending', 'slow_down', 'use_dpop_nonce']

function count(counts: MutableCounts, entry: LoggedOAuthRequest): void {
  const { kind, status, error, fault } = entry
  counts.requests += 1
  if (tokenKinds.includes(kind)) counts.tokenRequests += 1
  if (kind === 'api') counts.apiRequests += 1
  if (kind === 'api' && status === 401) counts.unauthorized += 1
  if (fault) counts.faults += 1
  else countAnswer(counts, entry, status === 200 ? 'accepted' : refusal(error))
}

const refusal = (error = '') => (notRefusals.includes(error) ? 'later' : 'refused')

function countAnswer(
  counts: MutableCounts,
  { kind, error, reason }: LoggedOAuthRequest,
  outcome: 'accepted' | 'refused' | 'later',
): void {
  if (error === 'use_dpop_nonce') counts.nonceDemands += 1
  if (reason === reused) counts.reuses += 1
  if (outcome === 'later') return
  const accepted = outcome === 'accepted'
  if (kind === 'renewal') counts[accepted ? 'renewals' : 'rejectedRenewals'] += 1
  if (kind === 'signIn' || kind === 'devicePoll') {
    counts[accepted ? 'signIns' : 'rejectedSignIns'] += 1
  }
  if (kind === 'clientCredentials' && accepted) counts.clientCredentials += 1
  if (kind === 'revocation' && accepted) counts.revocations += 1
}
