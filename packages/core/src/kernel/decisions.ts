import { isLatchkeyError, type LatchkeyError } from '../errors.ts'
import type { TokenSet } from '../token-set.ts'

/** How long before expiry the renewal starts when nothing is said, in milliseconds. */
export const RENEW_AHEAD_MS = 60_000
/** The window is at most this share of a token's life: a 10-second token is not renewed on every call. */
const MAX_SHARE = 0.2

/** How long a failed renewal is not tried again, and a refused fresh token not renewed, in milliseconds. */
export const COOL_DOWN_MS = 2_000
/** A server that refuses one fresh token after the other is asked ever more rarely, down to this. */
const MAX_COOL_DOWN_MS = 60_000

/** One token set in use. */
export interface Session {
  readonly tokens: TokenSet
  /** Counts this manager's token sets: tells which one a request carried. */
  readonly generation: number
  /** Counts this manager's sessions: tells whose token a request carried. */
  readonly epoch: number
  /** In epoch milliseconds. `Infinity`: unknown, or never. */
  readonly expiresAt: number
  /** The instant from which a renewal is worth starting. `Infinity`: never. */
  renewAt: number
  /** The server answered that this token is not good. */
  isRejected: boolean
  /** From a permanent grant: it is never renewed and never stored. */
  readonly permanent: boolean
  /** What a cacheable scheme made of it, once it was asked. */
  headers: Readonly<Record<string, string>> | undefined
}

/** What one renewal started from. */
export interface Run {
  epoch: number
  generation: number
  /** In epoch milliseconds. */
  startedAt: number
  /** Aborts when its time is up, or its session has ended. */
  signal: AbortSignal
}

/** What a failed renewal leaves behind, so that the next request does not start it all again. */
export interface Failure {
  error: LatchkeyError
  /** The instant until which the failure stands for an answer. `Infinity`: until a sign-in, or a change in the store. */
  until: number
  /** What the store held then. */
  tokens?: TokenSet | undefined
}

/** A token that was refused although fresh: its 401s are not about the token. */
export interface Refused {
  generation: number
  until: number
  coolDownMs: number
}

/** Whether requests may still go out with this session's token. */
export function isUsable(session: Session | undefined, now: number): session is Session {
  return session !== undefined && !session.isRejected && now < session.expiresAt
}

/** When to start renewing a token that expires at `expiresAt`, seen first at `now`. */
export function renewalInstant(expiresAt: number, now: number, renewAheadMs: number): number {
  return expiresAt - Math.min(renewAheadMs, (expiresAt - now) * MAX_SHARE)
}

/** Whether a usable session is to be renewed in the background now. */
export function isDue(session: Session, failure: Failure | undefined, now: number): boolean {
  return now >= session.renewAt && !(failure && now < failure.until)
}

/**
 * What the rejection of a token means.
 *
 * - `'renew'`: the token in use is dead.
 * - `'late'`: it was replaced meanwhile; there may be a newer one already.
 * - `'permanent'`: it cannot be renewed.
 * - `'otherSession'`: it belonged to a session that has ended.
 * - `'refused'`: it was fresh, so a new one will not help.
 */
export function whatRejectionMeans(
  carried: { generation: number; epoch: number; attempt: number },
  now: number,
  state: { current: Session | undefined; epoch: number; refused: Refused | undefined },
): 'renew' | 'late' | 'permanent' | 'otherSession' | 'refused' {
  const { current, epoch, refused } = state
  if (current?.permanent) return 'permanent'
  if (current && carried.epoch !== epoch) return 'otherSession'
  if (carried.attempt > 1) return 'refused'
  if (current?.generation !== carried.generation) return 'late'
  const isCooling = refused?.generation === carried.generation && now < refused.until
  return isCooling ? 'refused' : 'renew'
}

/** How long the refused token of `generation` is not renewed: twice as long as the one before it. */
export function coolDown(before: Refused | undefined, generation: number, now: number): Refused {
  const isAgain = before?.generation === generation - 1
  const coolDownMs = isAgain ? Math.min(before.coolDownMs * 2, MAX_COOL_DOWN_MS) : COOL_DOWN_MS
  return { generation, until: now + coolDownMs, coolDownMs }
}

/** Whether a renewal failed for what may pass: the session is kept, and a later one tries again. */
export function isPassing(error: unknown): error is LatchkeyError {
  const codes = ['ERR_RENEWAL_UNAVAILABLE', 'ERR_RENEWAL_TIMEOUT']
  return isLatchkeyError(error) && codes.includes(error.code)
}

/** A server that answers a refresh without a new refresh token means the old one to stay (RFC 6749 section 6). */
export function keepRefreshToken(answer: TokenSet, old: TokenSet | undefined): TokenSet {
  if (answer.refreshToken !== undefined || old?.refreshToken === undefined) return answer
  const { refreshToken, refreshExpiresAt } = old
  return { ...answer, refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) }
}
