import { type GrantRejectedError, isDeferral, type LatchkeyError } from '../errors.ts'
import type { Events } from '../events.ts'
import { expiryFromStore, withExpiry } from '../expiry.ts'
import type { Grant } from '../grant/grant.ts'
import type { KernelOptions } from '../manager-options.ts'
import type { Stored } from '../store/token-store.ts'
import { recursion, sessionChanged, signInRequired, timedOut, unkept } from '../texts.ts'
import { sameTokens, secretsOf, type TokenSet } from '../token-set.ts'
import { afterRunning, throwIfAborted } from '../waiting.ts'
import {
  COOL_DOWN_MS,
  expectSame,
  type Failure,
  isDue,
  isPassing,
  isUsable,
  isWanted,
  mark,
  type Run,
  type Session,
  stateOf,
  usableSession,
} from './decisions.ts'
import { Elsewhere } from './elsewhere.ts'
import type { SessionState } from './session.ts'

/** The renewal that all requests share which need a token while one is being obtained. */
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
  readonly #session: SessionState
  readonly #events: Events
  /** What other tabs, processes and machines do to the store; listened to from the first session on. */
  readonly elsewhere: Elsewhere
  #flight: Flight | undefined = undefined
  #loading: Promise<void> | undefined = undefined

  constructor(options: KernelOptions, session: SessionState, events: Events) {
    this.#options = options
    this.#session = session
    this.#events = events
    this.elsewhere = new Elsewhere(options, session, () => this.isUnderWay)
  }

  /** Whether a renewal is under way, which brings newer tokens than any answer. */
  get isUnderWay(): boolean {
    return this.#flight !== undefined
  }

  /** What a request sets off on its way: a look into a store that has changed, a renewal ahead of expiry. */
  tend(): void {
    const session = this.#session
    if (session.isOutdated) void this.elsewhere.look()
    if (!this.#flight && isDue(session, this.#options.clock.now())) void this.renew()
  }

  /** A usable session of the user who is signed in now: the one in memory, else the store's, else a renewed one. */
  async obtain(): Promise<Session> {
    const session = this.#session
    const { clock, inside } = this.#options
    if (inside.current()) throw recursion()
    let began = mark(session)
    expectSame(session, began)
    await this.load()
    expectSame(session, began)
    if (!began.had) began = mark(session)
    const usable = usableSession(session, clock.now())
    if (usable) this.tend()
    const obtained =
      usable ??
      (await this.renew().catch((error) => this.#firstSignIn(began.had, began.epoch, error)))
    expectSame(session, began)
    return obtained
  }

  /** A request that waited for a first sign-in takes the one that came instead. @throws `error`, if none did. */
  #firstSignIn(had: boolean, epoch: number, error: unknown): Session {
    const session = this.#session
    const isFirst = !had && session.epoch === epoch + 1
    const other = isFirst ? usableSession(session, this.#options.clock.now()) : undefined
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
    const { tokens } = await store.read(name)
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
    const work = this.#work(run, failed).finally(stopTimer)
    const promise = Promise.race([work, ended])
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        if (this.#flight !== mine) return
        this.#flight = undefined
        if (this.#session.isRenewing) this.#setRenewing(false)
        if (this.#session.isOutdated) void this.elsewhere.look()
      })
    promise.catch(() => undefined) // in the background no request waits; the event tells
    const mine: Flight = { promise, end, controller }
    this.#flight = mine
    return promise
  }

  /** @param failed What failed for good: only another token set in the store can mend that. */
  async #work(run: Run, failed: Failure | undefined): Promise<Session> {
    const { store, name } = this.#options
    if (failed && sameTokens((await store.read(name)).tokens, failed.tokens)) throw failed.error
    return store.exclusively(name, run.signal, (stored) =>
      this.#next(run, stored, this.#session.current?.tokens),
    )
  }

  /**
   * The next session: another process's from the store, or one from the chain of grants.
   *
   * @param mine What is to be renewed, as this manager has it.
   */
  async #next(run: Run, stored: Stored, mine: TokenSet | undefined): Promise<Session> {
    const { store, name, ask, clock } = this.#options
    const { signal } = run
    if (isPassing(stored.error)) throw stored.error
    const known = stored.error === undefined ? stored.tokens : mine
    const isFresh = known && (expiryFromStore(known) ?? Infinity) > clock.now()
    if (isFresh && !sameTokens(known, mine)) return this.#adoptFor(run, known)
    // A refresh token that others have too may be good for once only: it needs a place for its successor.
    const isShared = stored.error === undefined && known?.refreshToken !== undefined
    const mayPresent = !isShared || !store.canWrite || (await store.canWrite(name))
    const answer = await ask({
      tokens: mayPresent ? known : undefined,
      signal,
      onAsked: () => this.#setRenewing(true),
      changed: (refused) => this.elsewhere.changed(refused),
    })
    if (answer.end === 'answered') return this.#commit(run, answer.tokens, answer.grant, stored)
    if (answer.end === 'overtaken')
      return this.#next(run, { tokens: answer.tokens, error: undefined }, mine)
    if (!mayPresent) throw unkept()
    return this.#giveUp(run, answer.tried, answer.rejection, known)
  }

  /** Tells that the grants are being asked, or not any more. */
  #setRenewing(isRenewing: boolean): void {
    const session = this.#session
    if (session.isRenewing === isRenewing) return
    session.isRenewing = isRenewing
    const at = this.#options.clock.now()
    if (isRenewing) this.#events.emit('renewing', { at })
    this.#events.tellState(stateOf(session), at)
  }

  /** Stores what the grant answered, and only then lets it be used. */
  async #commit(run: Run, answer: TokenSet, grant: Grant, before: Stored): Promise<Session> {
    const { clock, store, name } = this.#options
    const session = this.#session
    const { permanent = false } = grant
    const next = permanent ? answer : withExpiry(answer, 'receipt', clock.now())
    if (!permanent) {
      // A sign-out or sign-in elsewhere, while the grant was asked, wins over the grant's answer.
      const latest = await store.read(name)
      const isKnown = before.error === undefined && latest.error === undefined
      const isOurs = latest.tokens && sameTokens(latest.tokens, session.current?.tokens)
      if (isKnown && !isOurs && !sameTokens(latest.tokens, before.tokens)) {
        if (latest.tokens) return this.#adoptFor(run, latest.tokens)
        if (isWanted(run, session, clock.now())) session.end('elsewhere', true)
      }
      if (isWanted(run, session, clock.now())) await store.write(next, name)
    }
    if (!isWanted(run, session, clock.now())) return this.#overtaken(run)
    const entered = session.enter(next, permanent)
    const { generation } = entered
    const at = clock.now()
    const durationMs = at - run.startedAt
    this.#events.emit('renewed', { at, generation, grant: grant.name, durationMs })
    return entered
  }

  /** What another process has stored, if the result of this renewal should still be used. */
  #adoptFor(run: Run, tokens: TokenSet): Session {
    const session = this.#session
    const isStillWanted = isWanted(run, session, this.#options.clock.now())
    return isStillWanted ? session.adopt(tokens) : this.#overtaken(run)
  }

  /** A faster renewal's result serves as well, within the same session. */
  #overtaken({ epoch }: Run): Session {
    const { current, epoch: now } = this.#session
    if (now === epoch && current) return current
    throw sessionChanged()
  }

  /** No grant gave a token. One that is still good is used up; otherwise the session is over. */
  async #giveUp(
    run: Run,
    tried: string[],
    rejection: GrantRejectedError | undefined,
    known: TokenSet | undefined,
  ): Promise<never> {
    const session = this.#session
    const { store, name, clock } = this.#options
    if (session.epoch !== run.epoch) throw sessionChanged()
    throwIfAborted(run.signal) // late, it may still bring a token but no longer end a session
    const at = clock.now()
    const error = signInRequired(tried, rejection, secretsOf(known))
    if (rejection) this.#events.emit('renewalFailed', { at, outcome: 'rejected', error })
    const { current } = session
    if (isUsable(current, at)) {
      current.renewAt = Infinity
      throw error
    }
    session.end('rejected', known !== undefined || current !== undefined)
    if (rejection) session.failure = { error, until: Infinity, tokens: undefined }
    await store.remove(name, known) // not what another process has stored since
    throw error
  }

  /**
   * Passes on what was decided. What may pass keeps the session, and leaves a cool-down that keeps the next requests
   * from storming. What the user has to do first is told once, and not asked again for the same token set.
   */
  #fail(error: unknown): never {
    const session = this.#session
    const at = this.#options.clock.now()
    if (isPassing(error)) {
      if (session.current) session.current.isRejected = false // the server may judge it otherwise by then
      const until = at + (error.retryAfterMs ?? COOL_DOWN_MS)
      session.failure = { error, until, tokens: undefined }
      this.#events.emit('renewalFailed', { at, outcome: 'unavailable', error })
    } else if (isDeferral(error) && session.failure?.error !== error) {
      session.failure = { error, until: Infinity, tokens: session.current?.tokens }
      this.#events.emit('renewalFailed', { at, outcome: 'deferred', error })
    }
    throw error
  }

  /** Drops the renewal in flight: its waiters are let go, and its result is not wanted any more. */
  abandon(reason: LatchkeyError): void {
    this.#flight?.end(reason)
    this.#flight?.controller.abort(reason)
    this.#flight = undefined
    this.#session.isRenewing = false
    if (this.#session.isOutdated) void this.elsewhere.look()
  }

  /** Lets all waiters go. The session is not over: the renewal on its way is still stored, within its time. */
  dispose(reason: LatchkeyError): void {
    this.#flight?.end(reason)
    this.elsewhere.stop()
  }
}
