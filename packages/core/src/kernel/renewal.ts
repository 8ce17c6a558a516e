import { type GrantRejectedError, isDeferral, type LatchkeyError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Grant } from '../grant/grant.ts'
import { Inside, type Passage } from '../grant/inside.ts'
import type { KernelOptions } from '../manager-options.ts'
import { readStore, type Stored } from '../store/token-store.ts'
import { recursion, sessionChanged, signInRequired, timedOut, unkept } from '../texts.ts'
import { sameTokens, secretsOf, type TokenSet } from '../token-set.ts'
import { afterRunning, throwIfAborted, untilAborted } from '../waiting.ts'
import {
  COOL_DOWN_MS,
  type Failure,
  isDue,
  isPassing,
  isUsable,
  type Run,
  type Session,
} from './decisions.ts'
import { askGrants } from './chain.ts'
import { Elsewhere } from './elsewhere.ts'
import type { SessionKeeper } from './session.ts'

/** The renewal that everybody shares who needs a token while one is being obtained. */
interface Flight {
  promise: Promise<Session>
  /** Ends the waiting, not the work: a rotated token that comes late is still kept, if its session is. */
  end(reason: LatchkeyError): void
  /** Ends the work as well, as far as the grant listens. */
  controller: AbortController
}

/** Renewals, one at a time: when one starts, what happens in it, what a failure leaves behind. */
export class Renewal {
  readonly #options: KernelOptions
  readonly #session: SessionKeeper
  readonly #events: Events
  readonly #inside = new Inside()
  /** What other tabs, processes and machines do to the store; listened to from the first session on. */
  readonly elsewhere: Elsewhere
  #flight: Flight | undefined = undefined
  #loading: Promise<void> | undefined = undefined

  constructor(options: KernelOptions, session: SessionKeeper, events: Events) {
    this.#options = options
    this.#session = session
    this.#events = events
    this.elsewhere = new Elsewhere(options, session, () => this.isUnderWay)
  }

  /** The session, if requests may go out with it now. When it is due, its renewal starts in the background. */
  ready(): Session | undefined {
    const now = this.#options.clock.now()
    const { current, stopped, failure } = this.#session
    if (stopped || !isUsable(current, now)) return undefined
    this.catchUp()
    if (!this.#flight && isDue(current, failure, now)) void this.renew()
    return current
  }

  /** A usable session of whoever is signed in now: the one in memory, else the store's, else a renewed one. */
  async obtain(): Promise<Session> {
    const session = this.#session
    if (this.grantAtWork()) throw recursion()
    let began = session.mark()
    session.expectSame(began)
    await this.load()
    session.expectSame(began)
    if (!began.had) began = session.mark()
    const obtained =
      this.ready() ??
      (await this.renew().catch((error) => this.#firstSignIn(began.had, began.epoch, error)))
    session.expectSame(began)
    return obtained
  }

  /** A request that waited for a first sign-in takes the one that came instead. @throws `error`, if none did. */
  #firstSignIn(had: boolean, epoch: number, error: unknown): Session {
    const other = !had && this.#session.epoch === epoch + 1 ? this.ready() : undefined
    if (other) return other
    throw error
  }

  /** The first look into the store, once. */
  load(): Promise<void> {
    return (this.#loading ??= this.#firstLook())
  }

  async #firstLook(): Promise<void> {
    const { store, name } = this.#options
    const session = this.#session
    this.elsewhere.start()
    const { tokens } = await readStore(store, name)
    session.isLoaded = true
    if (tokens && !session.current && session.epoch === 0) session.adopt(tokens)
    else session.announce()
  }

  /** Joins the renewal in flight, or starts one. `force`: in spite of an earlier failure. */
  renew(force = false): Promise<Session> {
    if (this.#flight) return this.#flight.promise
    const { clock, renewTimeoutMs } = this.#options
    const startedAt = clock.now()
    const { epoch, generation, failure } = this.#session
    const failed = failure && !force && startedAt < failure.until ? failure : undefined
    if (failed && failed.until !== Infinity) return Promise.reject(failed.error)
    const controller = new AbortController()
    const run: Run = { epoch, generation, startedAt, signal: controller.signal }
    let end: Flight['end'] = () => undefined
    const ended = new Promise<never>((_, reject) => (end = reject))
    const stopTimer = afterRunning(renewTimeoutMs, () => {
      const reason = timedOut(renewTimeoutMs)
      end(reason)
      controller.abort(reason)
    })
    // Until the work is over, not the waiting: the lock must be let go in time also once the waiters are.
    const work = this.#underLock(run, failed).finally(stopTimer)
    const promise = Promise.race([work, ended])
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#flight === mine && this.#land())
    promise.catch(() => undefined) // in the background no request waits; the event tells
    const mine: Flight = { promise, end, controller }
    this.#flight = mine
    return promise
  }

  /** Whether a renewal is under way, which brings newer tokens than any answer. */
  get isUnderWay(): boolean {
    return this.#flight !== undefined
  }

  #land(): void {
    this.#flight = undefined
    this.#session.isRenewing = false
    this.#session.announce()
    this.catchUp()
  }

  /** @param failed What failed for good: only another token set in the store can mend that. */
  async #underLock(run: Run, failed: Failure | undefined): Promise<Session> {
    const { store, name } = this.#options
    if (failed && sameTokens((await readStore(store, name)).tokens, failed.tokens))
      throw failed.error
    // A grant that never answers must not keep the lock: a late result is stored without it.
    const work = () => untilAborted(this.#obtainNext(run), run.signal)
    return store.lock ? store.lock(name, work) : work()
  }

  /** The next session: another process's from the store, or one from the chain of grants. */
  async #obtainNext(run: Run): Promise<Session> {
    const { store, name, grants, fetch } = this.#options
    const mine = this.#session.current?.tokens
    throwIfAborted(run.signal) // the lock came too late
    let stored = await readStore(store, name)
    if (isPassing(stored.error)) throw stored.error
    for (;;) {
      // A refresh token that others have too may be good for once only: it needs a place for its successor.
      const known = stored.error === undefined ? stored.tokens : mine
      if (known && !sameTokens(known, mine) && this.#session.isFresh(known))
        return this.#session.adoptFor(run, known)
      const isShared = stored.error === undefined && known?.refreshToken !== undefined
      const mayPresent = !isShared || ((await store.canWrite?.(name)) ?? true)
      const walk = await askGrants(mayPresent ? known : undefined, {
        grants,
        fetch,
        signal: run.signal,
        inside: this.#inside,
        onAsked: () => this.#announceRenewing(run.signal),
        changed: (refused) => this.elsewhere.changed(refused),
      })
      if (walk.end === 'answered') return this.#commit(run, walk.answer, walk.grant, stored)
      if (walk.end === 'exhausted' && !mayPresent) throw unkept()
      if (walk.end === 'exhausted') return this.#giveUp(run, walk.tried, walk.rejection, known)
      stored = { tokens: walk.tokens, error: undefined }
    }
  }

  #announceRenewing(signal: AbortSignal): void {
    if (this.#session.isRenewing || this.#flight?.controller.signal !== signal) return
    this.#session.isRenewing = true
    this.#events.emit('renewing', { at: this.#options.clock.now() })
    this.#session.announce()
  }

  /** Stores what the grant answered, and only then lets it be used. */
  async #commit(run: Run, tokens: TokenSet, grant: Grant, before: Stored): Promise<Session> {
    const { clock, store, name } = this.#options
    const session = this.#session
    const next = session.open(tokens, 'receipt', grant.permanent)
    if (!next.permanent) {
      // A sign-out or sign-in elsewhere, while the grant was asked, wins over what it brought.
      const latest = await readStore(store, name)
      const isKnown = before.error === undefined && latest.error === undefined
      const isOurs = latest.tokens && sameTokens(latest.tokens, session.current?.tokens)
      if (isKnown && !isOurs && !sameTokens(latest.tokens, before.tokens)) {
        if (latest.tokens) return session.adoptFor(run, latest.tokens)
        if (session.isCurrent(run)) session.end('elsewhere', true)
      }
      if (session.isCurrent(run)) await store.setToken(next.tokens, name)
    }
    if (!session.isCurrent(run)) return session.overtaken(run)
    const entered = session.enter(next)
    const { generation } = entered
    const at = clock.now()
    this.#events.emit('renewed', {
      at,
      generation,
      grant: grant.name,
      durationMs: at - run.startedAt,
    })
    return entered
  }

  /** No grant gave a token. One that is still good is used up; otherwise the session is over. */
  async #giveUp(
    run: Run,
    tried: string[],
    rejection: GrantRejectedError | undefined,
    known: TokenSet | undefined,
  ): Promise<never> {
    if (this.#session.epoch !== run.epoch) throw sessionChanged()
    throwIfAborted(run.signal) // late, it may still bring a token but no longer end a session
    const session = this.#session
    const at = this.#options.clock.now()
    const error = signInRequired(tried, rejection, secretsOf(known))
    if (rejection) this.#events.emit('renewalFailed', { at, outcome: 'rejected', error })
    const { current } = session
    if (isUsable(current, at)) {
      current.renewAt = Infinity
      throw error
    }
    session.end('rejected', known !== undefined || current !== undefined)
    if (rejection) session.failure = { error, until: Infinity }
    await this.forget(known)
    throw error
  }

  /**
   * What was decided is passed on. What may pass keeps the session, and leaves a cool-down that keeps the
   * next requests from storming.
   */
  #fail(error: unknown): never {
    if (isDeferral(error)) this.#defer(error)
    if (!isPassing(error)) throw error
    if (this.#session.current) this.#session.current.isRejected = false // the server may judge it otherwise by then
    const at = this.#options.clock.now()
    this.#session.failure = { error, until: at + (error.retryAfterMs ?? COOL_DOWN_MS) }
    this.#events.emit('renewalFailed', { at, outcome: 'unavailable', error })
    throw error
  }

  /** The user has to act first. Told once: it is not asked again for the same token set. */
  #defer(error: LatchkeyError): void {
    const session = this.#session
    if (session.failure?.error === error) return
    session.failure = { error, until: Infinity, tokens: session.current?.tokens }
    this.#events.emit('renewalFailed', {
      at: this.#options.clock.now(),
      outcome: 'deferred',
      error,
    })
  }

  /** Empties the store of a session that the server has ended; not of one that another process has begun since. */
  async forget(ended: TokenSet | undefined): Promise<void> {
    const { store, name } = this.#options
    await store.removeToken(name, ended)
  }

  /** Drops the renewal in flight: its waiters are let go, and its result is not wanted any more. */
  abandon(reason: LatchkeyError): void {
    this.#flight?.end(reason)
    this.#flight?.controller.abort(reason)
    this.#flight = undefined
    this.#session.isRenewing = false
    this.catchUp()
  }

  /** The grant's work that a request belongs to, and that therefore must not wait for the renewal. */
  grantAtWork(signal?: AbortSignal | null): Passage | undefined {
    if (!this.#flight) return undefined
    return this.#flight.controller.signal === signal ? { isOpen: true } : this.#inside.current()
  }

  /** Looks into the store, if a change was told of that has not been looked at. */
  catchUp(): void {
    if (this.elsewhere.isMissed) void this.elsewhere.look()
  }

  /** Lets all waiters go. The session is not over: the renewal on its way is still stored, within its time. */
  dispose(reason: LatchkeyError): void {
    this.#flight?.end(reason)
    this.elsewhere.stop()
  }
}
