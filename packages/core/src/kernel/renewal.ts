import { type GrantRejectedError, isRejection, type LatchkeyError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Grant } from '../grant/grant.ts'
import { createInside, type Passage } from '../grant/inside.ts'
import type { ManagerOptions } from '../manager-options.ts'
import { readStore, type Stored } from '../store/token-store.ts'
import { grantUnavailable, recursion, sessionChanged, signInRequired, timedOut } from '../texts.ts'
import { sameTokens, secretsOf, type TokenSet } from '../token-set.ts'
import { afterRunning, throwIfAborted, untilAborted } from '../waiting.ts'
import {
  COOL_DOWN_MS,
  isDue,
  isPassing,
  isUsable,
  keepRefreshToken,
  type Run,
  type Session,
} from './decisions.ts'
import { followStore } from './elsewhere.ts'
import type { SessionKeeper } from './session.ts'

/** How long the winner of a race may take to store what it got, in milliseconds, on a store without a lock. */
const WINNER_WRITES_MS = 300

/** The renewal that everybody shares who needs a token while one is being obtained. */
interface Flight {
  promise: Promise<Session>
  /** Ends the waiting, not the work: a rotated token that comes late is still kept, if its session is. */
  end(reason: LatchkeyError): void
  /** Ends the work as well, as far as the grant listens. */
  controller: AbortController
}

/** How the walk through the chain ended. */
type Walk =
  | { end: 'answered'; answer: TokenSet; grant: Grant }
  | { end: 'overtaken'; tokens: TokenSet }
  | { end: 'exhausted'; tried: string[]; rejection: GrantRejectedError | undefined }

/** Renewals, one at a time: when one starts, what happens in it, and what a failure leaves behind. */
export function createRenewal(options: ManagerOptions, session: SessionKeeper, events: Events) {
  const { clock, store, name, grants, renewTimeoutMs } = options
  const inside = createInside()
  const elsewhere = followStore(options, session, () => flight !== undefined)
  let flight: Flight | undefined
  let loading: Promise<void> | undefined

  /** The session, if requests may go out with it now. When it is due, its renewal starts in the background. */
  function ready(): Session | undefined {
    const now = clock.now()
    const { current, stopped, failure } = session
    if (stopped || !isUsable(current, now)) return undefined
    if (!flight && isDue(current, failure, now)) void renew()
    return current
  }

  /** A usable session of whoever is signed in now: the one in memory, else the store's, else a renewed one. */
  async function obtain(): Promise<Session> {
    expectOutside()
    let began = session.mark()
    session.expectSame(began)
    await load()
    session.expectSame(began)
    if (!began.had) began = session.mark()
    const obtained =
      ready() ?? (await renew().catch((error) => firstSignIn(began.had, began.epoch, error)))
    session.expectSame(began)
    return obtained
  }

  /** A request that waited for a first sign-in takes the one that came instead. @throws `error`, if none did. */
  function firstSignIn(had: boolean, epoch: number, error: unknown): Session {
    const other = !had && session.epoch === epoch + 1 ? ready() : undefined
    if (other) return other
    throw error
  }

  /** The first look into the store, once. */
  function load(): Promise<void> {
    loading ??= firstLook()
    return loading
  }

  async function firstLook(): Promise<void> {
    elsewhere.start()
    const { tokens } = await readStore(store, name)
    session.isLoaded = true
    if (tokens && !session.current && session.epoch === 0) session.adopt(tokens)
    else session.announce()
  }

  /** Joins the renewal in flight, or starts one. `force`: in spite of an earlier failure. */
  function renew(force = false): Promise<Session> {
    if (flight) return flight.promise
    const startedAt = clock.now()
    const { epoch, generation, failure } = session
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
    const work = underLock(run, failed?.error).finally(stopTimer)
    const promise = Promise.race([work, ended])
      .catch(fail)
      .finally(() => flight === mine && land())
    promise.catch(() => undefined) // in the background no request waits; the event tells
    const mine: Flight = { promise, end, controller }
    flight = mine
    return promise
  }

  /** The renewal is over. */
  function land(): void {
    flight = undefined
    session.isRenewing = false
    session.announce()
    elsewhere.catchUp()
  }

  /** @param failed What failed for good: only a sign-in elsewhere can mend that. */
  async function underLock(run: Run, failed: LatchkeyError | undefined): Promise<Session> {
    if (failed && !(await readStore(store, name)).tokens) throw failed
    // A grant that never answers must not keep the lock: a late result is stored without it.
    const work = () => untilAborted(obtainNext(run), run.signal)
    return store.lock ? store.lock(name, work) : work()
  }

  /** The next session: another process's from the store, or one from the chain of grants. */
  async function obtainNext(run: Run): Promise<Session> {
    const mine = session.current?.tokens
    throwIfAborted(run.signal) // the lock came too late
    let stored = await readStore(store, name)
    if (isPassing(stored.error)) throw stored.error
    for (;;) {
      const known = stored.error === undefined ? stored.tokens : mine
      if (known && !sameTokens(known, mine) && isFresh(known)) return session.adoptFor(run, known)
      const walk = await askGrants(known, run)
      if (walk.end === 'answered') return commit(run, walk.answer, walk.grant, stored)
      if (walk.end === 'exhausted') return giveUp(run, walk.tried, walk.rejection, known)
      stored = { tokens: walk.tokens, error: undefined }
    }
  }

  /**
   * Asks the grants in order: the first that applies wins, a rejected one makes way for the next, an
   * unavailable one ends the walk, since the next might sign in as if the session were gone.
   */
  async function askGrants(known: TokenSet | undefined, run: Run): Promise<Walk> {
    const { signal } = run
    const tried: string[] = []
    let rejection: GrantRejectedError | undefined
    let tokens = known
    announceRenewing(signal)
    for (const grant of grants) {
      try {
        const context = { signal, fetch: options.fetch, ...(tokens && { tokens }) }
        const answer = await inside.enter(async () => grant.request(context), signal)
        if (answer) return { end: 'answered', grant, answer: keepRefreshToken(answer, tokens) }
        tried.push(`${grant.name} (${grant.missing ?? 'does not apply'})`)
      } catch (error) {
        if (!isRejection(error)) throw grantUnavailable(grant.name, error, secretsOf(known))
        rejection = error
        tried.push(`${grant.name} (rejected)`)
        const changed = await changedElsewhere(known)
        if (changed) return { end: 'overtaken', tokens: changed }
        tokens = undefined // refused: no later grant may present it again
      }
    }
    return { end: 'exhausted', tried, rejection }
  }

  function announceRenewing(signal: AbortSignal): void {
    if (session.isRenewing || flight?.controller.signal !== signal) return
    session.isRenewing = true
    events.emit('renewing', { at: clock.now() })
    session.announce()
  }

  /**
   * What another process has stored in place of `known`. Without a lock the winner of a race may
   * still be writing when the loser hears its no, so the store is given a moment and read again.
   */
  async function changedElsewhere(known: TokenSet | undefined): Promise<TokenSet | undefined> {
    const look = async () => {
      const { tokens } = await readStore(store, name)
      return sameTokens(tokens, known) ? undefined : tokens
    }
    const found = await look()
    if (found || !known || store.lock) return found
    await new Promise((resolve) => setTimeout(resolve, WINNER_WRITES_MS))
    return look()
  }

  const isFresh = (tokens: TokenSet) => isUsable(session.open(tokens, 'store'), clock.now())

  /** Stores what the grant answered, and only then lets it be used. */
  async function commit(run: Run, tokens: TokenSet, grant: Grant, before: Stored) {
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
    // One that was given up and came late all the same may have counted on meanwhile.
    const generation = session.generation + 1
    const entered = session.enter({ ...next, generation })
    const at = clock.now()
    events.emit('renewed', { at, generation, grant: grant.name, durationMs: at - run.startedAt })
    return entered
  }

  /** No grant gave a token. One that is still good is used up; otherwise the session is over. */
  async function giveUp(
    run: Run,
    tried: string[],
    rejection: GrantRejectedError | undefined,
    known: TokenSet | undefined,
  ): Promise<never> {
    if (session.epoch !== run.epoch) throw sessionChanged()
    throwIfAborted(run.signal) // late, it may still bring a token but no longer end a session
    const at = clock.now()
    const error = signInRequired(tried, rejection, secretsOf(known))
    if (rejection) events.emit('renewalFailed', { at, outcome: 'rejected', error })
    const { current } = session
    if (isUsable(current, at)) {
      current.renewAt = Infinity
      throw error
    }
    session.end('rejected', known !== undefined || current !== undefined)
    if (rejection) session.failure = { error, until: Infinity }
    await save()
    throw error
  }

  /**
   * What was decided is passed on. What may pass keeps the session, and leaves a cool-down that keeps the
   * next requests from storming.
   */
  function fail(error: unknown): never {
    if (!isPassing(error)) throw error
    if (session.current) session.current.isRejected = false // the server may judge it otherwise by then
    const at = clock.now()
    session.failure = { error, until: at + (error.retryAfterMs ?? COOL_DOWN_MS) }
    events.emit('renewalFailed', { at, outcome: 'unavailable', error })
    throw error
  }

  /** Makes the store hold what is true now. */
  async function save(): Promise<void> {
    const { current } = session
    if (current && !current.permanent) await store.setToken(current.tokens, name)
    else await store.removeToken(name)
  }

  /** Drops the renewal in flight: its waiters are let go, and its result is not wanted any more. */
  function abandon(reason: LatchkeyError): void {
    flight?.end(reason)
    flight?.controller.abort(reason)
    flight = undefined
    session.isRenewing = false
    elsewhere.catchUp()
  }

  /** @throws {LatchkeyError} `ERR_RENEWAL_RECURSION`, where a grant asks for what it is there to obtain. */
  function expectOutside(): void {
    if (grantAtWork()) throw recursion()
  }

  /** The grant's work that a request belongs to, and that therefore must not wait for the renewal. */
  function grantAtWork(signal?: AbortSignal | null): Passage | undefined {
    if (!flight) return undefined
    return flight.controller.signal === signal ? { isOpen: true } : inside.current()
  }

  /** Lets all waiters go. The session is not over: the renewal on its way is still stored, within its time. */
  function dispose(reason: LatchkeyError): void {
    flight?.end(reason)
    elsewhere.stop()
  }

  const { start: follow } = elsewhere
  return { ready, obtain, load, follow, renew, save, abandon, expectOutside, grantAtWork, dispose }
}

export type Renewal = ReturnType<typeof createRenewal>
