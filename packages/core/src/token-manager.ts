import { type Authorizer, createAuthorizer } from './kernel/authorizer.ts'
import { LatchkeyError, type LatchkeyErrorCode } from './errors.ts'
import { createEvents, type Events, type Listener, type ManagerEvents } from './events.ts'
import { checkOptions, type ManagerOptions, type TokenManagerOptions } from './manager-options.ts'
import type { Session } from './kernel/refresh-policy.ts'
import {
  abandonRenewal,
  createRenewal,
  isInsideRenewal,
  loadSession,
  peekSession,
  type Renewal,
  startRenewal,
} from './kernel/renewal.ts'
import {
  adoptTokens,
  endSession,
  enterSession,
  type Keeper,
  newSessionState,
  openSession,
  type SessionState,
  sessionChanged,
  storeSession,
} from './kernel/session-state.ts'
import {
  createSessionStore,
  followStore,
  readBeforeWriting,
  readStore,
  type SessionStore,
} from './kernel/session-store.ts'
import { readTokenSet, sameTokens, type TokenSet } from './token-set.ts'
import type { MaybePromise } from './store/token-store.ts'
import { untilAborted } from './waiting.ts'

/** Owns one named token set: obtains, renews, hands out and forgets it. */
export interface TokenManager extends Authorizer {
  /**
   * The token set in use, valid now. From memory when it can be; otherwise waits for the renewal
   * everybody shares.
   *
   * @param options.signal Ends this caller's wait only, with its own reason.
   * @throws {LatchkeyError} `ERR_SIGN_IN_REQUIRED` when no grant gives one (a wrong password has a
   *   code of its own); `ERR_RENEWAL_UNAVAILABLE` or `ERR_RENEWAL_TIMEOUT` when it may work later.
   */
  getTokens(options?: { signal?: AbortSignal }): Promise<TokenSet>
  /**
   * Renews now, whatever the clock says, after a failure too; after signOut() it is a sign-in, by
   * whichever grant can. Joins a renewal that is already under way. Throws as getTokens() does.
   */
  refresh(): Promise<TokenSet>
  /**
   * Takes over a token set obtained elsewhere, as a new session: what was under way for the old one
   * is dropped. Resolves when it is stored.
   *
   * Give the function that obtains it, `setTokens(() => login())`, rather than its answer: a sign-out, or a
   * sign-in begun later, that takes effect before the answer is there then wins over it.
   *
   * @param entering Called when it takes effect, just before it is stored: who has signed in is settled.
   * @throws {LatchkeyError} `ERR_UNUSABLE_TOKEN`, `ERR_SESSION_CHANGED` when it was overtaken, and what the
   *   function throws; the session then stays as it is.
   */
  setTokens(tokens: TokenSet | (() => MaybePromise<TokenSet>), entering?: () => void): Promise<void>
  /**
   * Forgets the session at once, here and in the store. Whoever waits is rejected with
   * `ERR_SIGN_IN_REQUIRED`, and so is every request until setTokens() or refresh(). Resolves when the
   * store is empty; a store that fails is announced as `storeFailed` and not read again.
   *
   * @returns The token set that was in use, as the store has it, for a service that has to revoke it.
   */
  signOut(): Promise<TokenSet | undefined>
  /** Calls `listener` at each event. Returns how to stop. */
  on<Name extends keyof ManagerEvents>(event: Name, listener: Listener<Name>): () => void
  /** Lets everybody who waits go and stops listening to the store, which keeps its token set. */
  dispose(): void
}

/**
 * Makes a manager. Nothing is read or sent before a token is needed.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and what was expected.
 *
 * @example
 * const manager = createTokenManager({
 *   origin: 'https://api.example.com',
 *   scheme: bearer(),
 *   grants: [{ name: 'refresh token', request: renew }],
 * })
 */
export function createTokenManager(options: TokenManagerOptions): TokenManager {
  const checked = checkOptions(options)
  const events = createEvents()
  const store = createSessionStore(checked.store, checked.name, tellOfStore(checked, events))
  const keeper: Keeper = { options: checked, state: newSessionState(), store, events }
  const renewal = createRenewal(keeper)
  const manager: Manager = { keeper, renewal, unsubscribe: undefined }
  const obtain = () => obtainSession(manager)
  return {
    ...createAuthorizer(renewal, obtain),
    getTokens: async ({ signal } = {}) => ({ ...(await untilAborted(obtain(), signal)).tokens }),
    refresh: () => refresh(manager),
    setTokens: (tokens, entering) => setTokens(manager, tokens, entering),
    signOut: () => signOut(manager),
    on: events.on,
    dispose: () => dispose(manager),
  }
}

/** A session that will not survive its process must not be news to everybody. */
function tellOfStore({ clock }: ManagerOptions, events: Events): SessionStore['onFailure'] {
  const warned = new Set<string>()
  return (operation, error) => {
    const isHeard = events.emit('storeFailed', { at: clock.now(), operation, error })
    if (isHeard || warned.has(operation)) return
    warned.add(operation)
    // Only its code: a store's own words may repeat what it holds.
    const { code } = (error.cause ?? {}) as { code?: unknown }
    const why = typeof code === 'string' ? ` (${code})` : ''
    // oxlint-disable-next-line no-console -- nobody listens, and nobody else can say it
    console.warn(`Latchkey: ${error.message}${why} Listen to "storeFailed" for more.`)
  }
}

interface Manager {
  keeper: Keeper
  renewal: Renewal
  unsubscribe: (() => void) | undefined
}

/** A usable session: the one in memory, else the store's, else a renewed one. */
async function obtainSession(manager: Manager): Promise<Session> {
  const { keeper, renewal } = manager
  const { state } = keeper
  if (isInsideRenewal(renewal)) throw recursion()
  throwIfStopped(state)
  follow(manager)
  await loadSession(renewal)
  throwIfStopped(state)
  const session = peekSession(renewal)
  if (session) return session
  const { epoch } = state
  const hadSession = state.session !== undefined
  try {
    return await startRenewal(renewal)
  } catch (error) {
    // Who waited for a first sign-in takes the one that came instead.
    const signedIn = !hadSession && state.epoch === epoch + 1 ? peekSession(renewal) : undefined
    if (signedIn) return signedIn
    throw error
  }
}

function throwIfStopped({ stopped }: SessionState): void {
  if (stopped) throw stopped
}

/** Listens, from the first session on, to what other tabs, processes and machines do to the store. */
function follow(manager: Manager): void {
  const { keeper, renewal } = manager
  const isBusy = () => renewal.flight !== undefined || keeper.state.stopped !== undefined
  async function look(): Promise<void> {
    if (isBusy()) return // a renewal reads the store itself
    const { tokens, failed } = await readStore(keeper.store)
    if (failed || isBusy() || sameTokens(tokens, keeper.state.session?.tokens)) return
    if (tokens) adoptTokens(keeper, tokens)
    else endSession(keeper, 'elsewhere')
  }
  manager.unsubscribe ??= followStore(keeper.store, () => void look())
}

/** A sign-out stays until this has brought a token. */
async function refresh({ keeper, renewal }: Manager): Promise<TokenSet> {
  const { state } = keeper
  if (isInsideRenewal(renewal)) throw recursion()
  throwIfDisposed(state)
  await loadSession(renewal)
  const { tokens } = await startRenewal(renewal, true)
  if (!isDisposed(state)) state.stopped = undefined
  return { ...tokens }
}

async function setTokens(
  manager: Manager,
  tokens: TokenSet | (() => MaybePromise<TokenSet>),
  entering?: () => void,
): Promise<void> {
  const { keeper, renewal } = manager
  const { state } = keeper
  const turn = (state.begun += 1)
  throwIfDisposed(state)
  const usable = readTokenSet(typeof tokens === 'function' ? await tokens() : tokens)
  throwIfDisposed(state)
  if (turn < state.decided) throw sessionChanged()
  state.decided = turn
  entering?.()
  state.epoch += 1
  state.stopped = undefined
  abandonRenewal(renewal, sessionChanged())
  enterSession(keeper, openSession(keeper, usable, 'caller'))
  follow(manager)
  await storeSession(keeper)
}

async function signOut({ keeper, renewal }: Manager): Promise<TokenSet | undefined> {
  const { state, events, options } = keeper
  const mine = state.session?.tokens
  const reason = refusal('ERR_SIGN_IN_REQUIRED', 'You signed out. Sign in again to go on.')
  if (!isDisposed(state)) state.stopped = reason
  abandonRenewal(renewal, reason)
  endSession(keeper, 'signOut')
  const reading = readBeforeWriting(keeper.store) // somebody else may have renewed it
  await storeSession(keeper)
  const { tokens = mine } = await reading
  if (tokens && !mine) events.emit('signedOut', { at: options.clock.now(), reason: 'signOut' })
  return tokens
}

/** The session is not over: a renewal on its way is still stored, for whoever comes next. */
function dispose({ keeper, renewal, unsubscribe }: Manager): void {
  const reason = refusal('ERR_DISPOSED', 'This manager was disposed of. Make a new one.')
  keeper.state.stopped = reason
  renewal.flight?.end(reason)
  unsubscribe?.()
  keeper.events.clear()
}

function throwIfDisposed(state: SessionState): void {
  if (isDisposed(state)) throwIfStopped(state)
}

const isDisposed = ({ stopped }: SessionState) => stopped?.code === 'ERR_DISPOSED'

const refusal = (code: LatchkeyErrorCode, message: string) => new LatchkeyError(code, message)

function recursion(): LatchkeyError {
  return new LatchkeyError(
    'ERR_RENEWAL_RECURSION',
    'A grant asked its own manager for a token, which it is there to obtain. Use the `tokens` and `fetch` it was given.',
  )
}
