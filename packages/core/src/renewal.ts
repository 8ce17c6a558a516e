import { isLatchkeyError, LatchkeyError, withoutSecrets } from './errors.ts'
import { createInside } from './inside.ts'
import { COOL_DOWN_MS, isUsable, type Session } from './refresh-policy.ts'
import { type Run, renewSession } from './renewal-run.ts'
import { adoptTokens, type Keeper } from './session-state.ts'
import { secretsOf } from './session-store.ts'

/** Everybody who needs a token while one is being obtained shares this. */
interface Flight {
  promise: Promise<Session>
  controller: AbortController
}

/**
 * Renewals, one at a time: the shared promise, its time limit, and what a failure leaves behind.
 *
 * Ending a flight ends the waiting at once, not the work: a rotated token that comes back late is
 * still kept, if its session is.
 */
export function createRenewal(keeper: Keeper) {
  const { state, store, events, options } = keeper
  const { clock, renewTimeoutMs } = options
  const inside = createInside()
  let flight: Flight | undefined
  let loading: Promise<void> | undefined

  /** The first look into the store, once. */
  function load(): Promise<void> {
    loading ??= store.read().then(({ tokens }) => {
      if (tokens && !state.session && state.epoch === 0) adoptTokens(keeper, tokens)
    })
    return loading
  }

  function start(force = false): Promise<Session> {
    if (flight) return flight.promise
    const controller = new AbortController()
    const { signal } = controller
    const { epoch, generation } = state
    const startedAt = clock.now()
    const run: Run = { epoch, generation, startedAt, force, signal, enter: inside.enter }
    const timer = setTimeout(() => controller.abort(timedOut(renewTimeoutMs)), renewTimeoutMs)
    const ended = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    const promise = Promise.race([renewSession(keeper, run), ended])
      .catch((error) => fail(error, epoch))
      .finally(() => {
        clearTimeout(timer)
        if (flight?.controller === controller) flight = undefined
      })
    promise.catch(() => undefined) // in the background nobody waits; the event tells
    flight = { promise, controller }
    return promise
  }

  /** The session, if requests may go out with it; renews behind their backs when it is time. */
  function peek(): Session | undefined {
    const now = clock.now()
    const { session, failure } = state
    if (!isUsable(session, now)) return undefined
    if (now >= session.renewAt && !flight && !(failure && now < failure.until)) void start()
    return session
  }

  /** Unavailable: everything is kept, and a cool-down keeps the next requests from storming. */
  function fail(cause: unknown, epoch: number): never {
    const passes = isLatchkeyError(cause) && !/UNAVAILABLE|TIMEOUT/.test(cause.code)
    if (passes || state.epoch !== epoch) throw cause
    const error = isLatchkeyError(cause) ? cause : unavailable(cause, state.session)
    if (state.session) state.session.rejected = false // the server may judge it otherwise by then
    if (state.failure?.error !== error) {
      const at = clock.now()
      state.failure = { error, until: at + (error.retryAfterMs ?? COOL_DOWN_MS) }
      events.emit('renewalFailed', { at, outcome: 'unavailable', error })
    }
    throw error
  }

  /** Lets everybody who waits go, with `reason`. */
  function abandon(reason: LatchkeyError): void {
    flight?.controller.abort(reason)
    flight = undefined
  }

  /** Whether a request belongs to the renewal itself, and so must not wait for it. */
  function isInside(signal?: AbortSignal | null): boolean {
    return flight !== undefined && (flight.controller.signal === signal || inside.isInside())
  }

  return { load, start, peek, abandon, isInside, isFlying: () => flight !== undefined }
}

function timedOut(ms: number): LatchkeyError {
  return new LatchkeyError(
    'ERR_RENEWAL_TIMEOUT',
    `No token came within ${ms} ms. The session is kept; a later request tries again.`,
  )
}

function unavailable(cause: unknown, session: Session | undefined): LatchkeyError {
  return new LatchkeyError(
    'ERR_RENEWAL_UNAVAILABLE',
    'No token could be had for now. The session is kept; a later request tries again.',
    { cause: withoutSecrets(cause, secretsOf(session?.tokens)) },
  )
}

export type Renewal = ReturnType<typeof createRenewal>
