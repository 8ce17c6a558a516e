import { LatchkeyError } from '../errors.ts'
import type { Events, ManagerEvents } from '../events.ts'
import type { ManagerOptions } from '../manager-options.ts'
import { readJwtOwner } from '../jwt.ts'
import {
  expiryFromStore,
  expiryOfGiven,
  expiryOnReceipt,
  renewalInstant,
  type Session,
} from './refresh-policy.ts'
import { type SessionStore, writeStore } from './session-store.ts'
import type { TokenSet } from '../token-set.ts'

/** What a failed renewal leaves behind, so that the next request does not start it all again. */
interface Failure {
  error: LatchkeyError
  /** The instant until which the failure stands for an answer. `Infinity`: until somebody signs in. */
  until: number
}

/**
 * What a manager remembers.
 *
 * `generation` counts the token sets in use and `epoch` the sessions: signing out, signing in and
 * disposing end an epoch, and whatever was started in an older one is discarded when it comes back.
 */
export interface SessionState {
  session: Session | undefined
  generation: number
  epoch: number
  /** Counts the sign-ins and sign-outs as they begin. */
  begun: number
  /** The one that took effect. Those that began before it come too late. */
  decided: number
  /** Set by signOut() and dispose(): why requests are refused until somebody signs in. */
  stopped: LatchkeyError | undefined
  failure: Failure | undefined
  /** A token that was refused although fresh: its 401s are not about the token. */
  refused: { generation: number; until: number; coolDownMs: number } | undefined
}

/** The parts of one manager, handed to the functions that make it work. */
export interface Keeper {
  options: ManagerOptions
  state: SessionState
  store: SessionStore
  events: Events
}

export function newSessionState(): SessionState {
  return {
    session: undefined,
    generation: 0,
    epoch: 0,
    begun: 0,
    decided: 0,
    stopped: undefined,
    failure: undefined,
    refused: undefined,
  }
}

const expiryFrom = { grant: expiryOnReceipt, caller: expiryOfGiven, store: expiryFromStore }

/** `tokens` as the session to come: its expiry settled, so that a store keeps the instant too. */
export function openSession(
  { options, state }: Keeper,
  tokens: TokenSet,
  from: keyof typeof expiryFrom,
  isStatic = false,
): Session {
  const now = options.clock.now()
  const expiresAt = isStatic ? undefined : expiryFrom[from](tokens, now)
  const { expiresAt: _, ...rest } = tokens
  return {
    tokens: expiresAt === undefined ? rest : { ...rest, expiresAt },
    generation: state.generation + 1,
    epoch: state.epoch,
    expiresAt: expiresAt ?? Infinity,
    renewAt:
      expiresAt === undefined ? Infinity : renewalInstant(expiresAt, now, options.renewAheadMs),
    rejected: false,
    static: isStatic,
  }
}

/** From now on requests go out with `session`; earlier failures are forgotten. */
export function enterSession({ state }: Keeper, session: Session): Session {
  state.session = session
  state.generation = session.generation
  state.failure = undefined
  return session
}

/** Takes over what somebody else put into the store. Another user's is another session. */
export function adoptTokens(keeper: Keeper, tokens: TokenSet): Session {
  const { state } = keeper
  const [mine, theirs] = [state.session?.tokens, tokens].map(
    (one) => one && readJwtOwner(one.accessToken),
  )
  if (mine && theirs && mine !== theirs) state.epoch += 1
  return enterSession(keeper, openSession(keeper, tokens, 'store'))
}

/**
 * Forgets the session in memory and ends its epoch; announced only when there was one. A sign-out is also
 * the end of every sign-in on its way; a session that the server ended is what such a one is for.
 */
export function endSession(
  { state, events, options }: Keeper,
  reason: ManagerEvents['signedOut']['reason'],
  hadSession = state.session !== undefined,
): void {
  state.epoch += 1
  if (reason !== 'rejected') state.decided = state.begun += 1
  state.session = undefined
  state.failure = undefined
  if (hadSession) events.emit('signedOut', { at: options.clock.now(), reason })
}

/** Makes the store say what is true now, unless that changes before its turn comes. */
export function storeSession(keeper: Keeper): Promise<void> {
  const { state, store } = keeper
  const { session } = state
  const tokens = session && !session.static ? session.tokens : undefined
  return writeStore(
    store,
    tokens,
    () => state.session === session,
    () => void storeSession(keeper),
  )
}

export function sessionChanged(): LatchkeyError {
  return new LatchkeyError(
    'ERR_SESSION_CHANGED',
    'Somebody signed out or signed in meanwhile, so what was under way for the old session was dropped.',
  )
}
