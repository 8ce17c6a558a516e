import { type ChainResult, walkChain } from './chain.ts'
import { type GrantRejectedError, LatchkeyError, scrub, withoutSecrets } from '../errors.ts'
import { isUsable, type Session } from './refresh-policy.ts'
import {
  adoptTokens,
  endSession,
  enterSession,
  type Keeper,
  openSession,
  sessionChanged,
  storeSession,
} from './session-state.ts'
import { isShared, lockStore, readStore, type StoredTokens, writeStore } from './session-store.ts'
import { sameTokens, secretsOf, type TokenSet } from '../token-set.ts'
import { untilAborted } from '../waiting.ts'

/** How long the winner of a race may take to store what it got, in milliseconds. */
const WINNER_WRITES_MS = 300

/** One renewal: what it started from, to tell on its return whether it still counts. */
export interface Run {
  epoch: number
  generation: number
  startedAt: number
  /** Asked for by name (`refresh()`): goes on in spite of an earlier failure. */
  force: boolean
  signal: AbortSignal
  enter<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

/** Obtains the next session: somebody else's from the store, or one from the chain of grants. */
export async function renewSession(keeper: Keeper, run: Run): Promise<Session> {
  const { state, store, options } = keeper
  const { failure } = state
  if (failure && !run.force && options.clock.now() < failure.until) {
    // What failed for good can only be mended by a sign-in elsewhere.
    const { tokens } = failure.until === Infinity ? await readStore(store) : {}
    if (!tokens) throw failure.error
  }
  // A grant that never answers must not keep the lock: what it still brings needs none.
  return lockStore(store, () => untilAborted(renewUnderLock(keeper, run), run.signal))
}

async function renewUnderLock(keeper: Keeper, run: Run): Promise<Session> {
  const { state, store, options } = keeper
  const mine = state.session?.tokens
  run.signal.throwIfAborted() // the lock came too late
  let stored = await readStore(store)
  // Its refresh token may be spent, and presenting a spent one can end the session.
  if (stored.unread !== undefined && isShared(store, mine)) throw unreadable(stored.unread)
  for (;;) {
    const known = stored.failed ? mine : stored.tokens
    if (known && !sameTokens(known, mine) && isFresh(keeper, known)) {
      return adoptIfCurrent(keeper, known, run)
    }
    const result = await walkChain(options.grants, {
      tokens: known,
      signal: run.signal,
      fetch: options.fetch,
      enter: run.enter,
      reread: () => changedElsewhere(keeper, known),
    })
    if (result.outcome === 'renewed') return commit(keeper, run, result, stored)
    if (result.outcome === 'exhausted') return giveUp(keeper, run, result, known)
    stored = { tokens: result.tokens } // somebody else renewed: adopt that, or go on from there
  }
}

/**
 * What somebody else put into the store in place of `known`. Without a lock the winner of a race may
 * still be writing when the loser hears its no, so the store is given a moment and read again.
 */
async function changedElsewhere(
  { store }: Keeper,
  known: TokenSet | undefined,
): Promise<TokenSet | undefined> {
  const look = async () => {
    const { tokens } = await readStore(store)
    return sameTokens(tokens, known) ? undefined : tokens
  }
  const found = await look()
  if (found || !known || store.store.lock) return found
  await new Promise((resolve) => setTimeout(resolve, WINNER_WRITES_MS))
  return look()
}

function unreadable(cause: unknown): LatchkeyError {
  return new LatchkeyError(
    'ERR_RENEWAL_UNAVAILABLE',
    'The token store could not be read, so nothing was renewed: another process may have renewed already. The session is kept; a later request tries again.',
    { cause },
  )
}

function isFresh(keeper: Keeper, tokens: TokenSet): boolean {
  return isUsable(openSession(keeper, tokens, 'store'), keeper.options.clock.now())
}

/**
 * Whether nothing has replaced what this run set out to renew; or, as long as nobody has given this run
 * up, nothing that still serves.
 */
function isCurrent({ state, options }: Keeper, { epoch, generation, signal }: Run): boolean {
  if (state.epoch !== epoch) return false
  const isServed = isUsable(state.session, options.clock.now())
  return state.generation === generation || (!signal.aborted && !isServed)
}

/** What somebody faster renewed serves as well, within the same session. */
function overtaken({ state }: Keeper, run: Run): Session {
  if (state.epoch === run.epoch && state.session) return state.session
  throw sessionChanged()
}

function adoptIfCurrent(keeper: Keeper, tokens: TokenSet, run: Run): Session {
  return isCurrent(keeper, run) ? adoptTokens(keeper, tokens) : overtaken(keeper, run)
}

/** Stores what the grant gave, and only then lets it be used. */
async function commit(
  keeper: Keeper,
  run: Run,
  { tokens, grant }: ChainResult & { outcome: 'renewed' },
  before: StoredTokens,
): Promise<Session> {
  const { store, events, options, state } = keeper
  const current = () => isCurrent(keeper, run)
  const opened = openSession(keeper, tokens, 'grant', grant.static)
  if (!opened.static) {
    // A sign-out or sign-in elsewhere, while the grant was asked, wins over what it brought.
    const latest = await readStore(store)
    const known = !before.failed && !latest.failed
    const isOurs = latest.tokens && sameTokens(latest.tokens, state.session?.tokens)
    if (known && !isOurs && !sameTokens(latest.tokens, before.tokens)) {
      if (latest.tokens) return adoptIfCurrent(keeper, latest.tokens, run)
      if (current()) endSession(keeper, 'elsewhere', true)
    }
    await writeStore(store, opened.tokens, current, () => void storeSession(keeper))
  }
  if (!current()) return overtaken(keeper, run)
  // One that was given up and came late all the same may have counted on meanwhile.
  const session = enterSession(keeper, { ...opened, generation: state.generation + 1 })
  const at = options.clock.now()
  const durationMs = at - run.startedAt
  events.emit('renewed', { at, generation: session.generation, grant: grant.name, durationMs })
  return session
}

/** No grant gave a token. One that is still good is used up; otherwise the session is over. */
async function giveUp(
  keeper: Keeper,
  run: Run,
  { tried, rejection }: ChainResult & { outcome: 'exhausted' },
  known: TokenSet | undefined,
): Promise<never> {
  const { state, events, options } = keeper
  if (state.epoch !== run.epoch) throw sessionChanged()
  run.signal.throwIfAborted() // late, it may still bring a token but no longer end a session
  const at = options.clock.now()
  const error = signInRequired(tried, rejection, secretsOf(known))
  if (rejection) events.emit('renewalFailed', { at, outcome: 'rejected', error })
  const { session } = state
  if (isUsable(session, at)) {
    session.renewAt = Infinity
    throw error
  }
  endSession(keeper, 'rejected', known !== undefined || session !== undefined)
  if (rejection) state.failure = { error, until: Infinity }
  await storeSession(keeper)
  throw error
}

/** A rejection with a code of its own (a wrong password, say) keeps that code. */
function signInRequired(
  tried: string[],
  rejection: GrantRejectedError | undefined,
  secrets: string[],
): LatchkeyError {
  const code =
    rejection && rejection.code !== 'ERR_GRANT_REJECTED' ? rejection.code : 'ERR_SIGN_IN_REQUIRED'
  const what = rejection
    ? scrub(rejection.message, secrets)
    : 'There is no valid token and no way to obtain one.'
  return new LatchkeyError(
    code,
    `${what} Tried: ${tried.join(', ')}. Sign in again.`,
    rejection ? { cause: withoutSecrets(rejection, secrets) } : {},
  )
}
