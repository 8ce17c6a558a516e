import { isLatchkeyError, type LatchkeyError } from '../errors.ts'
import type { ManagerState } from '../events.ts'
import { sessionChanged } from '../texts.ts'
import type { TokenSet } from '../token-set.ts'

/** How long before expiry a renewal starts by default, in milliseconds. */
export const RENEW_AHEAD_MS = 60_000
/** The largest share of a token's life that this may take: a 10-second token is not renewed on every call. */
const MAX_SHARE = 0.2

/** How long a failed renewal is not tried again, and a rejected fresh token not renewed, in milliseconds. */
export const COOL_DOWN_MS = 2_000
/** The longest such pause, in milliseconds, if a server rejects one fresh token after another. */
const MAX_COOL_DOWN_MS = 60_000

/** A token set in use. */
export interface Session {
  readonly tokens: TokenSet
  /** Counts this manager's token sets. It shows which of them a request carried. */
  readonly generation: number
  /** Counts this manager's sessions. It shows whose token a request carried. */
  readonly epoch: number
  /** In epoch milliseconds. `Infinity`: unknown, or the token does not expire. */
  readonly expiresAt: number
  /** When a renewal in the background may start. `Infinity`: never. */
  renewAt: number
  /** Whether the server has rejected this token. */
  isRejected: boolean
  /** Whether it comes from a permanent grant, so that it is never renewed and never stored. */
  readonly permanent: boolean
  /** The headers that a cacheable scheme made of it. `undefined` before the first request. */
  headers: Readonly<Record<string, string>> | undefined
}

/** The state that a renewal started from. */
export interface Run {
  epoch: number
  generation: number
  /** In epoch milliseconds. */
  startedAt: number
  /** Aborts when the time limit is reached, or when the session has ended. */
  signal: AbortSignal
  /** Whether it waits for the store's lock. What another process stores in the meantime is its result then. */
  isQueued: boolean
}

/** A time that has to pass, in epoch milliseconds. It is over, too, if the clock shows an earlier time than before. */
interface Pause {
  since: number
  until: number
}

export const isOn = ({ since, until }: Pause, now: number): boolean => since <= now && now < until

/** The result of a failed renewal. It keeps the next requests from starting another one at once. */
export interface Failure extends Pause {
  error: LatchkeyError
  /** Until when requests get this failure. `Infinity`: until a sign-in, or a change in the store. */
  until: number
  /** The contents of the store at that time. */
  tokens?: TokenSet | undefined
}

/** A token that was rejected although it was fresh. Further 401s are not about the token. */
export interface Refused extends Pause {
  generation: number
  coolDownMs: number
}

/** The state that these decisions are based on. */
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

/** Returns the part of the state that a user interface may show. */
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

/** Returns the session if requests may go out with it now. */
export function usableSession({ current, stopped }: State, now: number): Session | undefined {
  return !stopped && isUsable(current, now) ? current : undefined
}

/** Returns when to start renewing a token that expires at `expiresAt` and was first seen at `now`. */
export function renewalInstant(expiresAt: number, now: number, renewAheadMs: number): number {
  if (expiresAt === Infinity) return Infinity
  return expiresAt - Math.min(renewAheadMs, (expiresAt - now) * MAX_SHARE)
}

/** Whether to renew a usable session in the background now. */
export function isDue({ current, failure }: State, now: number): boolean {
  return current !== undefined && now >= current.renewAt && !(failure && isOn(failure, now))
}

/** The session that a caller began with. It shows after an `await` whether the session is still the same. */
export interface Mark {
  epoch: number
  /** Whether there was a session. */
  had: boolean
}

export const mark = ({ epoch, current }: State): Mark => ({ epoch, had: current !== undefined })

/**
 * Checks that the session is still the marked one. A request that began without a session accepts the first one.
 *
 * @throws {LatchkeyError} why requests are rejected, or `ERR_SESSION_CHANGED`.
 */
export function expectSame(state: State, { epoch, had }: Mark): void {
  if (state.stopped) throw state.stopped
  if (state.epoch === epoch || (!had && state.current && state.epoch === epoch + 1)) return
  throw sessionChanged()
}

/**
 * Whether to use the result of a renewal. It is used if the token set is still the one that the renewal started from,
 * or if the renewal has not timed out and no token is usable.
 */
export function isWanted({ epoch, generation, signal }: Run, state: State, now: number): boolean {
  if (state.epoch !== epoch) return false
  return state.generation === generation || (!signal.aborted && !isUsable(state.current, now))
}

/**
 * Returns what the rejection of a token means.
 *
 * - `'renew'`: the token in use is no longer valid.
 * - `'late'`: the token was replaced in the meantime, so a newer one may be there already.
 * - `'permanent'`: the token cannot be renewed.
 * - `'otherSession'`: the token belonged to a session that has ended.
 * - `'refused'`: the token was fresh, so a new one will not help.
 * - `'tooLate'`: the replay's token expired, or was replaced, on its way. The server did not refuse a fresh one.
 */
export function whatRejectionMeans(
  carried: { generation: number; epoch: number; attempt: number },
  now: number,
  state: Pick<State, 'current' | 'epoch' | 'refused'>,
): 'renew' | 'late' | 'permanent' | 'otherSession' | 'refused' | 'tooLate' {
  const { current, epoch, refused } = state
  if (current?.permanent) return 'permanent'
  if (current && carried.epoch !== epoch) return 'otherSession'
  const isInUse = current?.generation === carried.generation
  const isStale = current && (!isInUse || now >= current.expiresAt)
  if (carried.attempt > 1) return isStale ? 'tooLate' : 'refused'
  if (!isInUse) return 'late'
  const isCooling = refused?.generation === carried.generation && isOn(refused, now)
  return isCooling ? 'refused' : 'renew'
}

/** Sets how long the rejected token of `generation` is not renewed: twice as long as the time before. */
export function coolDown(before: Refused | undefined, generation: number, now: number): Refused {
  const isAgain = before?.generation === generation - 1
  const coolDownMs = isAgain ? Math.min(before.coolDownMs * 2, MAX_COOL_DOWN_MS) : COOL_DOWN_MS
  return { generation, since: now, until: now + coolDownMs, coolDownMs }
}

/**
 * Whether a renewal failed for a reason that may pass, so that the session is kept and a later renewal tries
 * again.
 */
export function isPassing(error: unknown): error is LatchkeyError {
  const codes = ['ERR_RENEWAL_UNAVAILABLE', 'ERR_RENEWAL_TIMEOUT']
  return isLatchkeyError(error) && codes.includes(error.code)
}

/** Whether `error` means that the user is signed out and has no credentials left to sign in with. */
export const isSignedOut = (error: unknown): boolean =>
  isLatchkeyError(error) && /^ERR_(SIGN_IN_REQUIRED|REFRESH_TOKEN_REJECTED)$/.test(error.code)
