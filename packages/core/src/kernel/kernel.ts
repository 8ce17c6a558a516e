import type { Events, Listener, ManagerEvents, ManagerState } from '../events.ts'
import type { KernelOptions } from '../manager-options.ts'
import type { MaybePromise } from '../store/token-store.ts'
import { disposed, recursion, sessionChanged, signedOut } from '../texts.ts'
import { withExpiry } from '../expiry.ts'
import { readTokenSet, type TokenSet } from '../token-set.ts'
import { untilAborted } from '../waiting.ts'
import type { Authorizer, Whose } from './authorization.ts'
import { KernelAuthorizer } from './authorizer.ts'
import { Renewal } from './renewal.ts'
import { SessionState } from './session.ts'

/** Owns one named token set: obtains, renews, hands out and forgets it. */
export interface TokenManager extends Authorizer {
  /**
   * Returns the token set in use, which is valid now. Answers from memory if possible. Otherwise waits for the
   * renewal that all requests share.
   *
   * @param options.signal Ends the wait of this caller only, with its own reason.
   * @throws {LatchkeyError} `ERR_SIGN_IN_REQUIRED` when no grant returns a token set (a wrong password has a code
   *   of its own); `ERR_RENEWAL_UNAVAILABLE` or `ERR_RENEWAL_TIMEOUT` when a later call may succeed.
   */
  getTokens(options?: { signal?: AbortSignal }): Promise<TokenSet>
  /**
   * Renews now, even if the token is fresh or the last renewal has failed. After signOut() it signs in, by any
   * grant that can. Joins a renewal in progress. Throws the same errors as getTokens().
   */
  refresh(): Promise<TokenSet>
  /**
   * Starts a new session with a token set that was obtained elsewhere. Work in progress for the old session is
   * dropped. Resolves when the token set is stored.
   *
   * Pass the function that obtains it, `setTokens(() => login())`, rather than its result. A sign-out, or a later
   * sign-in, that takes effect before the function has answered then wins.
   *
   * If `expiresAt` is past, the first request waits for a renewal; if no grant can renew, it rejects with
   * `ERR_SIGN_IN_REQUIRED` and the session ends. (Within a second after the function has answered it counts as unknown.)
   * A JWT without `expiresAt` counts as just issued, even if its `exp` is past: the server judges it.
   *
   * @param entering Called when the session takes effect, just before it is stored.
   * @throws {LatchkeyError} `ERR_UNUSABLE_TOKEN`, `ERR_SESSION_CHANGED` when another sign-in or a sign-out won,
   *   and whatever the function throws. The old session then stays.
   */
  setTokens(tokens: TokenSet | (() => MaybePromise<TokenSet>), entering?: () => void): Promise<void>
  /**
   * Forgets the session at once, in memory and in the store. Waiting requests are rejected with
   * `ERR_SIGN_IN_REQUIRED`, as are all requests until setTokens() or refresh(). Resolves when the store is empty.
   * If the store fails, the manager emits `storeFailed` and does not read the store again.
   *
   * @returns The token set that was in use, as the store has it, so that a service can revoke it.
   */
  signOut(): Promise<TokenSet | undefined>
  /**
   * The state for a user interface, read without waiting. It is frozen, and stays the same object until something
   * changes. When `changed` is emitted, it is already the new state.
   */
  readonly state: ManagerState
  /** Calls `listener` at each event. Returns a function that stops this. */
  on<Name extends keyof ManagerEvents>(event: Name, listener: Listener<Name>): () => void
  /** Rejects waiting requests and stops listening to the store. The store keeps its token set. */
  dispose(): void
}

/**
 * The state machine: one session, one renewal at a time, and the two calls that adapters make. Wrappers handle the
 * failures of stores and grants (store/careful-store.ts, grant/chain.ts).
 */
export function createKernel(options: KernelOptions, events: Events): TokenManager {
  const kernel = new Kernel(options, events)
  const { authorize, recover, explain } = kernel.authorizer
  return {
    authorize,
    recover,
    explain,
    whose: () => kernel.whose(),
    getTokens: (asked) => kernel.getTokens(asked),
    refresh: () => kernel.refresh(),
    setTokens: (tokens, entering) => kernel.setTokens(tokens, entering),
    signOut: () => kernel.signOut(),
    dispose: () => kernel.dispose(),
    on: (name, listener) => events.on(name, listener),
    get state() {
      return events.state
    },
  }
}

class Kernel {
  readonly session: SessionState
  readonly authorizer: KernelAuthorizer
  readonly #options: KernelOptions
  readonly #events: Events
  readonly #renewal: Renewal

  constructor(options: KernelOptions, events: Events) {
    this.#options = options
    this.#events = events
    this.session = new SessionState(options, events)
    this.#renewal = new Renewal(options, this.session, events)
    this.authorizer = new KernelAuthorizer(options, this.session, this.#renewal, events)
  }

  whose(): Whose | undefined {
    const { header } = this.#options.scheme
    return header === undefined ? undefined : { header, epoch: this.session.epoch }
  }

  async getTokens({ signal }: { signal?: AbortSignal } = {}): Promise<TokenSet> {
    return readTokenSet((await untilAborted(this.#renewal.obtain(), signal)).tokens)
  }

  async refresh(): Promise<TokenSet> {
    const { session } = this
    if (this.#options.inside.current()) throw recursion()
    this.#expectInUse()
    const { epoch } = session
    const expectSame = () => {
      this.#expectInUse()
      if (session.epoch !== epoch) throw session.stopped ?? sessionChanged()
    }
    await this.#renewal.load()
    expectSame() // a sign-out wins over work that began before it
    const { tokens } = await this.#renewal.renew(true)
    expectSame()
    session.stopped = undefined
    session.announce()
    this.#renewal.tend()
    return readTokenSet(tokens)
  }

  async setTokens(
    tokens: TokenSet | (() => MaybePromise<TokenSet>),
    entering?: () => void,
  ): Promise<void> {
    const { session } = this
    const { store, name, clock } = this.#options
    const turn = (session.begun += 1)
    this.#expectInUse()
    const usable = readTokenSet(typeof tokens === 'function' ? await tokens() : tokens)
    this.#expectInUse()
    if (turn < session.decided) throw sessionChanged()
    session.decided = turn
    entering?.()
    session.epoch += 1
    session.stopped = undefined
    this.#renewal.abandon(sessionChanged())
    const from = typeof tokens === 'function' ? 'obtained' : 'given'
    const mine = withExpiry(usable, from, clock.now())
    const { epoch } = session.enter(mine)
    this.#renewal.elsewhere.start()
    if (session.epoch !== epoch) throw sessionChanged() // a listener has signed out, which wins
    await store.write(mine, name)
  }

  async signOut(): Promise<TokenSet | undefined> {
    const { session } = this
    const { store, name, clock } = this.#options
    const mine = session.current?.tokens
    const reason = signedOut()
    if (!this.#isDisposed()) session.stopped = reason
    this.#renewal.abandon(reason)
    session.end('signOut')
    const found = await store.remove(name)
    const tokens = found ?? mine // another process may have renewed
    if (tokens && !mine) this.#events.emit('signedOut', { at: clock.now(), reason: 'signOut' })
    return tokens && readTokenSet(tokens)
  }

  dispose(): void {
    const reason = disposed()
    this.session.stopped = reason
    this.#renewal.dispose(reason)
    this.#events.clear()
  }

  #isDisposed(): boolean {
    return this.session.stopped?.code === 'ERR_DISPOSED'
  }

  /** Checks that the manager still works. @throws {LatchkeyError} `ERR_DISPOSED`. */
  #expectInUse(): void {
    if (this.session.stopped && this.#isDisposed()) throw this.session.stopped
  }
}
