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
  /**
   * What a user interface may show, read without waiting. Frozen, and the same object until something changes;
   * `changed` tells of each change, when it is new already.
   */
  readonly state: ManagerState
  /** Calls `listener` at each event. Returns how to stop. */
  on<Name extends keyof ManagerEvents>(event: Name, listener: Listener<Name>): () => void
  /** Lets everybody who waits go and stops listening to the store, which keeps its token set. */
  dispose(): void
}

/**
 * The state machine: one session, one renewal at a time, and the two calls that adapters make. Whatever a store or a
 * grant may do wrong is dealt with by what is wrapped around them (store/careful-store.ts, grant/retrying-grant.ts).
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
    return { ...(await untilAborted(this.#renewal.obtain(), signal)).tokens }
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
    expectSame() // a sign-out is not undone by what began before it
    const { tokens } = await this.#renewal.renew(true)
    expectSame()
    session.stopped = undefined
    session.announce()
    this.#renewal.tend()
    return { ...tokens }
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
    session.enter(mine)
    this.#renewal.elsewhere.start()
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

  /** @throws {LatchkeyError} `ERR_DISPOSED`. */
  #expectInUse(): void {
    if (this.session.stopped && this.#isDisposed()) throw this.session.stopped
  }
}
