import { isLatchkeyError, LatchkeyError } from '../errors.ts'
import { createInside } from '../grant/inside.ts'
import { COOL_DOWN_MS, isUsable, type Session } from './refresh-policy.ts'
import { type Run, renewSession } from './renewal-run.ts'
import { adoptTokens, type Keeper } from './session-state.ts'
import { readStore } from './session-store.ts'

/** Everybody who needs a token while one is being obtained shares this. */
interface Flight {
  promise: Promise<Session>
  /** Ends the waiting, with this reason. */
  end(reason: LatchkeyError): void
  /** Ends the work as well, as far as the grant listens. */
  controller: AbortController
}

/**
 * Renewals, one at a time: the shared promise, its time limit, and what a failure leaves behind.
 *
 * Ending a flight ends the waiting at once, not the work: a rotated token that comes back late is
 * still kept, if its session is.
 */
export interface Renewal {
  keeper: Keeper
  inside: ReturnType<typeof createInside>
  flight: Flight | undefined
  loading: Promise<void> | undefined
}

export function createRenewal(keeper: Keeper): Renewal {
  return { keeper, inside: createInside(), flight: undefined, loading: undefined }
}

/** The session, if requests may go out with it; renews behind their backs when it is time. */
export function peekSession(renewal: Renewal): Session | undefined {
  const { state, options } = renewal.keeper
  const now = options.clock.now()
  const { session, failure, stopped } = state
  if (stopped || !isUsable(session, now)) return undefined
  const isDue = now >= session.renewAt && !(failure && now < failure.until)
  if (isDue && !renewal.flight) void startRenewal(renewal)
  return session
}

/** The first look into the store, once. */
export function loadSession(renewal: Renewal): Promise<void> {
  const { keeper } = renewal
  renewal.loading ??= readStore(keeper.store).then(({ tokens }) => {
    if (tokens && !keeper.state.session && keeper.state.epoch === 0) adoptTokens(keeper, tokens)
  })
  return renewal.loading
}

/** Joins the renewal in flight, or starts one. `force`: in spite of an earlier failure. */
export function startRenewal(renewal: Renewal, force = false): Promise<Session> {
  if (renewal.flight) return renewal.flight.promise
  const { keeper, inside } = renewal
  const { epoch, generation } = keeper.state
  const { clock, renewTimeoutMs } = keeper.options
  const controller = new AbortController()
  const { signal } = controller
  const run: Run = { epoch, generation, startedAt: clock.now(), force, signal, enter: inside.enter }
  let end: (reason: LatchkeyError) => void = () => undefined
  const ended = new Promise<never>((_, reject) => {
    end = reject
  })
  const timer = setTimeout(() => {
    const reason = timedOut(renewTimeoutMs)
    end(reason)
    controller.abort(reason)
  }, renewTimeoutMs)
  const promise = Promise.race([renewSession(keeper, run), ended])
    .catch((error) => failRenewal(keeper, error))
    .finally(() => {
      clearTimeout(timer)
      if (renewal.flight === flight) renewal.flight = undefined
    })
  promise.catch(() => undefined) // in the background nobody waits; the event tells
  const flight: Flight = { promise, end, controller }
  renewal.flight = flight
  return promise
}

const PASSING = new Set(['ERR_RENEWAL_UNAVAILABLE', 'ERR_RENEWAL_TIMEOUT'])

/**
 * What was decided is passed on. What may pass keeps the session, and leaves a cool-down that keeps the
 * next requests from storming.
 */
function failRenewal({ state, events, options }: Keeper, error: unknown): never {
  if (!isLatchkeyError(error) || !PASSING.has(error.code)) throw error
  if (state.session) state.session.rejected = false // the server may judge it otherwise by then
  if (error === state.failure?.error) throw error // its cool-down goes on
  const at = options.clock.now()
  state.failure = { error, until: at + (error.retryAfterMs ?? COOL_DOWN_MS) }
  events.emit('renewalFailed', { at, outcome: 'unavailable', error })
  throw error
}

/** Drops the renewal in flight: nobody waits for it any more, and nobody wants what it brings. */
export function abandonRenewal(renewal: Renewal, reason: LatchkeyError): void {
  renewal.flight?.end(reason)
  renewal.flight?.controller.abort(reason)
  renewal.flight = undefined
}

/** Whether a request belongs to the renewal itself, and so must not wait for it. */
export function isInsideRenewal({ flight, inside }: Renewal, signal?: AbortSignal | null): boolean {
  return flight !== undefined && (flight.controller.signal === signal || inside.isInside())
}

function timedOut(ms: number): LatchkeyError {
  return new LatchkeyError(
    'ERR_RENEWAL_TIMEOUT',
    `No token came within ${ms} ms. The session is kept; a later request tries again.`,
  )
}
