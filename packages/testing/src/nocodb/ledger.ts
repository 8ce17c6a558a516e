import { createLedger, type Ledger } from '../double/ledger.ts'
import type { RequestKind } from './request-kind.ts'

/** A header (or cookie) that carried a credential. Names only: the log never holds a value. */
export type CredentialHeader = 'xc-auth' | 'xc-token' | 'authorization' | 'cookie'

/** One request that has been answered, without any secret. */
export interface LoggedRequest {
  /** When it arrived, epoch ms by the double's clock. */
  readonly at: number
  /** The HTTP method. */
  readonly method: string
  /** Without query; API token values in it are replaced by `:id`. */
  readonly path: string
  /** What it was for. */
  readonly kind: RequestKind
  /** 0 when the connection broke instead of an answer. */
  readonly status: number
  /** Which credential headers the request had, in the order of the type. */
  readonly credentials: readonly CredentialHeader[]
  /** True when an injected fault answered, not the server. */
  readonly fault: boolean
}

/** How often each thing happened since the double was made or `resetCounts()` was called. */
export interface RequestCounts {
  /** Every request that was answered, faults included. */
  readonly requests: number
  /** Sign-ins that were accepted. */
  readonly signIns: number
  /** Sign-ins that were refused. */
  readonly rejectedSignIns: number
  /** Sign-ups that were accepted. */
  readonly signUps: number
  /** Renewals that the server carried out. */
  readonly renewals: number
  /** Renewals that the server itself refused, with a 400. */
  readonly rejectedRenewals: number
  /** Sign-outs that were accepted. */
  readonly signOuts: number
  /** Requests for bases, tables and records, whatever the answer. */
  readonly dataRequests: number
  /** Answers with status 401, of any kind of request. */
  readonly unauthorized: number
  /** Requests that an injected fault answered. */
  readonly faults: number
}

type MutableCounts = { -readonly [Name in keyof RequestCounts]: number }

const headerNames: readonly CredentialHeader[] = ['xc-auth', 'xc-token', 'authorization', 'cookie']

export const createNocoDBLedger = (): Ledger<LoggedRequest, RequestCounts> =>
  createLedger<LoggedRequest, MutableCounts>(noCounts, count)

/** @returns the names of the credential headers that a request has. */
export function credentialsOf(headers: Headers): CredentialHeader[] {
  return headerNames.filter((name) => headers.has(name))
}

/** @returns the path with anything that could be an API token's or a reset token's value taken out. */
export function withoutSecrets(path: string): string {
  return path.replace(/\/((?:api-)?tokens|reset|validate)\/(?!\d+$)[^/]+$/, '/$1/:id')
}

function noCounts(): MutableCounts {
  return {
    requests: 0,
    signIns: 0,
    rejectedSignIns: 0,
    signUps: 0,
    renewals: 0,
    rejectedRenewals: 0,
    signOuts: 0,
    dataRequests: 0,
    unauthorized: 0,
    faults: 0,
  }
}

function count(counts: MutableCounts, { kind, status, fault }: LoggedRequest): void {
  counts.requests += 1
  if (kind === 'data') counts.dataRequests += 1
  if (status === 401) counts.unauthorized += 1
  if (fault) {
    counts.faults += 1
    return
  }
  const accepted = status === 200
  if (kind === 'signIn') counts[accepted ? 'signIns' : 'rejectedSignIns'] += 1
  if (kind === 'renewal') counts[accepted ? 'renewals' : 'rejectedRenewals'] += 1
  if (kind === 'signUp' && accepted) counts.signUps += 1
  if (kind === 'signOut' && accepted) counts.signOuts += 1
}
