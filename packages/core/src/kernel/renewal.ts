import type { LatchkeyError } from '../errors.ts'
import type { Events } from '../events.ts'
import { expiryFromStore, withExpiry } from '../expiry.ts'
import type { Grant } from '../grant/grant.ts'
import type { KernelOptions } from '../manager-options.ts'
import type { Stored } from '../store/token-store.ts'
import { recursion, sessionChanged, timedOut, unkept } from '../texts.ts'
import { sameTokens, type TokenSet } from '../token-set.ts'
import { afterRunning } from '../waiting.ts'
import {
  expectSame,
  type Failure,
  isDue,
  isOn,
  isPassing,
  isWanted,
  mark,
  type Run,
  type Session,
  stateOf,
  usableSession,
} from './decisions.ts'
import { Elsewhere } from './elsewhere.ts'
import { FailedRenewals } from './failed-renewals.ts'
import type { SessionState } from './session.ts'

/** The renewal that all requests share while a token is being obtained. */
class Flight {
  readonly run: Run
  /** Settles when the wait is ended from outside. */
  readonly ended: Promise<Session>
  /** What the requests wait for: the result of the work, or of `ended`. */
  promise: Promise<Session>
  /** Stops the time limit. */
  readonly stopTimer: () => void
  readonly #controller = new AbortController()
  #settle: (session: Session) => void = () => undefined
  /** Ends the wait, but not the work: a late token is still stored if the session has not changed. */
  end: (reason: LatchkeyError) => void = () => undefined

  constructor(from: Pick<Run, 'epoch' | 'generation' | 'startedAt'>, limitMs: number) {
    this.run = { ...from, signal: this.#controller.signal, isQueued: true }
    this.ended = new Promise((resolve, reject) => ([this.#settle, this.end] = [resolve, reject]))
    this.promise = this.ended
    this.stopTimer = afterRunning(limitMs, () => this.abort(timedOut(limitMs)))
  }

  /** Ends the wait, and the work too if the store and the grant listen to the signal. */
  abort(reason: LatchkeyError): void {
    this.end(reason)
    this.#controller.abort(reason)
  }

  /** Ends the wait with the session of another process, and leaves the queue for the lock. */
  take(session: Session): void {
    this.#settle(session)
    this.#controller.abort(sessionChanged())
  }
}

/** Runs renewals, one at a time: starts them and carries them out. */
export class Renewal {
  readonly #options: KernelOptions
  readonly #session: SessionState
  readonly #events: Events
  /** Changes by other tabs, processes and machines. It listens to the store from the first session on. */
  readonly elsewhere: Elsewhere
  readonly #failed: FailedRenewals
  #flight: Flight | undefined = undefined
  #loading: Promise<boolean> | undefined = undefined

  constructor(options: KernelOptions, session: SessionState, events: Events) {
    this.#options = options
    this.#session = session
    this.#events = events
    this.elsewhere = new Elsewhere(options, session, this)
    this.#failed = new FailedRenewals(options, session, events)
  }

  /** Whether a renewal is in progress. Its tokens are newer than those of any answer. */
  get isUnderWay(): boolean {
    return this.#flight !== undefined
  }

  /** Starts background work for a request: reading a store that has changed, or a renewal ahead of expiry. */
  tend(): void {
    const session = this.#session
    if (session.isOutdated) void this.elsewhere.look()
    if (!this.#flight && isDue(session, this.#options.clock.now())) void this.renew()
  }

  /** Returns a usable session of the current user: from memory, else from the store, else renewed. */
  async obtain(): Promise<Session> {
    const session = this.#session
    const { clock, inside } = this.#options
    if (inside.current()) throw recursion()
    let began = mark(session)
    expectSame(session, began)
    const isFirst = !session.isLoaded
    const found = await this.load()
    if (isFirst) began.had ||= found
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

  /**
   * Returns the new session, if a request waited for a first sign-in and another one succeeded. @throws `error`
   * otherwise.
   */
  #firstSignIn(had: boolean, epoch: number, error: unknown): Session {
    const session = this.#session
    const isFirst = !had && session.epoch === epoch + 1
    const other = isFirst ? usableSession(session, this.#options.clock.now()) : undefined
    if (other) return other
    throw error
  }

  /** Reads the store for the first time, once. @returns Whether a session was there. */
  load(): Promise<boolean> {
    return (this.#loading ??= this.#firstLook())
  }

  async #firstLook(): Promise<boolean> {
    const { store, name } = this.#options
    const session = this.#session
    this.elsewhere.start()
    const { tokens } = await store.read(name)
    session.isLoaded = true
    if (tokens && !session.current && session.epoch === 0) session.adopt(tokens)
    else session.announce()
    return tokens !== undefined
  }

  /** Joins the renewal in progress, or starts one. `force`: even after an earlier failure. */
  renew(force = false): Promise<Session> {
    if (this.#flight) return this.#flight.promise
    const { clock, renewTimeoutMs } = this.#options
    const startedAt = clock.now()
    const { epoch, generation, failure } = this.#session
    const failed = failure && !force && isOn(failure, startedAt) ? failure : undefined
    if (failed && failed.until !== Infinity) return Promise.reject(failed.error)
    const flight = new Flight({ epoch, generation, startedAt }, renewTimeoutMs)
    // The timer stops when the work ends, not the wait: the lock must be released in time even if no request waits.
    const work = this.#work(flight.run, failed).finally(flight.stopTimer)
    flight.promise = Promise.race([work, flight.ended])
      .catch((error: unknown) => this.#failed.fail(error))
      .finally(() => {
        if (this.#flight !== flight) return
        this.#flight = undefined
        if (this.#session.isRenewing) this.#setRenewing(false)
        if (this.#session.isOutdated) void this.elsewhere.look()
      })
    flight.promise.catch(() => undefined) // in the background no request waits; the event reports a failure
    this.#flight = flight
    return flight.promise
  }

  /** Does one renewal. @param failed A permanent failure. Only another token set in the store can end it. */
  async #work(run: Run, failed: Failure | undefined): Promise<Session> {
    const { store, name } = this.#options
    if (failed && sameTokens((await store.read(name)).tokens, failed.tokens)) throw failed.error
    return store.exclusively(name, run.signal, (stored) => {
      run.isQueued = false
      return this.#next(run, stored, this.#session.current?.tokens)
    })
  }

  /**
   * Adopts what the holder of the store's lock has stored, while the renewal in progress still waits for that lock. So
   * all who wait go on at once, and not one after the other.
   */
  async overtake(): Promise<void> {
    const flight = this.#flight
    const session = this.#session
    if (!flight?.run.isQueued) return
    const { store, name, clock } = this.#options
    const { tokens } = await store.read(name)
    const { run } = flight
    if (this.#flight !== flight || !run.isQueued || !isWanted(run, session, clock.now())) return
    if (tokens && this.#isNews(tokens, session.current?.tokens)) flight.take(session.adopt(tokens))
  }

  /** Whether another process has renewed: these tokens are not `mine`, and have not expired. */
  #isNews(tokens: TokenSet, mine: TokenSet | undefined): boolean {
    const isFresh = (expiryFromStore(tokens) ?? Infinity) > this.#options.clock.now()
    return isFresh && !sameTokens(tokens, mine)
  }

  /**
   * Obtains the next session: another process's from the store, or one from the chain of grants.
   *
   * @param mine The token set to renew, as this manager knows it.
   */
  async #next(run: Run, stored: Stored, mine: TokenSet | undefined): Promise<Session> {
    const { store, name, ask } = this.#options
    const { signal } = run
    if (isPassing(stored.error)) throw stored.error
    const known = stored.error === undefined ? stored.tokens : mine
    if (known && this.#isNews(known, mine)) return this.#adoptFor(run, known)
    // A shared refresh token may be single-use, so its successor must be stored.
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
    return this.#failed.giveUp(run, answer.tried, answer.rejection, known)
  }

  /** Records whether grants are being asked, and announces a change. */
  #setRenewing(isRenewing: boolean): void {
    const session = this.#session
    if (session.isRenewing === isRenewing) return
    session.isRenewing = isRenewing
    const at = this.#options.clock.now()
    if (isRenewing) this.#events.emit('renewing', { at })
    this.#events.tellState(stateOf(session), at)
  }

  /** Stores the grant's answer. Only then may requests use it. */
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

  /** Adopts another process's token set, if the result of this renewal should still be used. */
  #adoptFor(run: Run, tokens: TokenSet): Session {
    const session = this.#session
    const isStillWanted = isWanted(run, session, this.#options.clock.now())
    return isStillWanted ? session.adopt(tokens) : this.#overtaken(run)
  }

  /** Returns the result of a faster renewal, within the same session. */
  #overtaken({ epoch }: Run): Session {
    const { current, epoch: now } = this.#session
    if (now === epoch && current) return current
    throw sessionChanged()
  }

  /** Drops the renewal in progress: its waiting requests are rejected, and its result is not used. */
  abandon(reason: LatchkeyError): void {
    this.#flight?.abort(reason)
    this.#flight = undefined
    this.#session.isRenewing = false
    if (this.#session.isOutdated) void this.elsewhere.look()
  }

  /**
   * Rejects all waiting requests. The session stays: the renewal in progress is still stored, within its time
   * limit.
   */
  dispose(reason: LatchkeyError): void {
    this.#flight?.end(reason)
    this.elsewhere.stop()
  }
}
