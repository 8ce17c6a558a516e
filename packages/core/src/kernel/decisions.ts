import { isLatchkeyError, type LatchkeyError } from '../errors.ts'
import type { ManagerState } from '../events.ts'
import { sessionChanged } from '../texts.ts'
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

/** What these decisions are about. */
export interface State {
  readonly current: Session | undefined
  readonly generation: number
  readonly epoch: number
  readonly stopped: LatchkeyError | undefined
  readonly failure: Failure | undefined
  readonly refused: Refused | undefined
  readonly isOutdated: boolean
  readonly isLoaded: boolean
  readonly isRenewing: boolean
}

/** What a user interface may show. */
export function stateOf(state: State): ManagerState {
  const { current, generation, stopped, isLoaded, isRenewing } = state
  const idle = current ? 'signedIn' : isLoaded || stopped ? 'signedOut' : 'unknown'
  const status = isRenewing ? 'renewing' : idle
  return { status, expiresAt: current?.tokens.expiresAt, generation }
}

/** Whether requests may still go out with this session's token. */
export function isUsable(session: Session | undefined, now: number): session is Session {
  return session !== undefined && !session.isRejected && now < session.expiresAt
}

/** The session, if requests may go out with it now. */
export function usableSession({ current, stopped }: State, now: number): Session | undefined {
  return !stopped && isUsable(current, now) ? current : undefined
}

/** When to start renewing a token that expires at `expiresAt`, seen first at `now`. */
export function renewalInstant(expiresAt: number, now: number, renewAheadMs: number): number {
  if (expiresAt === Infinity) return Infinity
  return expiresAt - Math.min(renewAheadMs, (expiresAt - now) * MAX_SHARE)
}

/** Whether a usable session is to be renewed in the background now. */
export function isDue({ current, failure }: State, now: number): boolean {
  return current !== undefined && now >= current.renewAt && !(failure && now < failure.until)
}

/** Which session a caller began with, to ask after an await whether it is still the same. */
export interface Mark {
  epoch: number
  /** Whether there was a session at all. */
  had: boolean
}

export const mark = ({ epoch, current }: State): Mark => ({ epoch, had: current !== undefined })

/**
 * Does nothing while the session is the one that was marked. A request that began without a session takes the first one.
 *
 * @throws {LatchkeyError} why requests are refused, or `ERR_SESSION_CHANGED`.
 */
export function expectSame(state: State, { epoch, had }: Mark): void {
  if (state.stopped) throw state.stopped
  if (state.epoch === epoch || (!had && state.current && state.epoch === epoch + 1)) return
  throw sessionChanged()
}

/**
 * Whether the result of a renewal should be used: the token set is still the one that it started from, or it has
 * not timed out and there is no usable token.
 */
export function isWanted({ epoch, generation, signal }: Run, state: State, now: number): boolean {
  if (state.epoch !== epoch) return false
  return state.generation === generation || (!signal.aborted && !isUsable(state.current, now))
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
  state: Pick<State, 'current' | 'epoch' | 'refused'>,
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
