import { LatchkeyError } from '@latchkey/core'
import { throwIfAborted, untilAborted } from '@latchkey/core/service'
import { type Authentication, factorsOf } from './authentication.ts'
import type { NamedToken } from './token-store.ts'

/** Creates or finds one token. `signal` aborts when no caller waits any more. */
type Work<A> = (name: string, authentication: A, signal: AbortSignal) => Promise<NamedToken>

interface Flight {
  factors: string
  promise: Promise<NamedToken>
  controller: AbortController
  waiting: number
}

/** Requests for tokens, one at a time for each name. */
export interface SharedRequests<A> {
  /** Joins the request in progress for this name, or starts one. An abort only affects this caller. */
  request(name: string, authentication: A, signal?: AbortSignal): Promise<NamedToken>
  /** Drops requests in progress, for one name or for all. Waiting callers get an error, and nothing is kept. */
  drop(name?: string): void
}

export function createSharedRequests<A extends Authentication>(work: Work<A>): SharedRequests<A> {
  const flights = new Map<string, Flight>()

  function start(name: string, authentication: A): Flight {
    const controller = new AbortController()
    const { signal } = controller
    const promise = untilAborted(work(name, authentication, signal), signal).finally(() => {
      if (flights.get(name) === flight) flights.delete(name)
    })
    promise.catch(() => undefined) // all callers may have aborted
    const flight = { factors: factorsOf(authentication), promise, controller, waiting: 0 }
    flights.set(name, flight)
    return flight
  }

  function leave(name: string, flight: Flight): void {
    flight.waiting -= 1
    if (flight.waiting > 0 || flights.get(name) !== flight) return
    flights.delete(name)
    flight.controller.abort()
  }

  return {
    async request(name, authentication, signal) {
      throwIfAborted(signal)
      const factors = factorsOf(authentication)
      const flight = flights.get(name) ?? start(name, authentication)
      if (flight.factors !== factors) throw authenticationDiffers(name)
      flight.waiting += 1
      return untilAborted(flight.promise, signal).finally(() => leave(name, flight))
    },
    drop(name) {
      for (const [other, { controller }] of flights) {
        if (name !== undefined && name !== other) continue
        flights.delete(other)
        controller.abort(removed(other))
      }
    },
  }
}

export function authenticationDiffers(name: string): LatchkeyError {
  return new LatchkeyError(
    'ERR_AUTHENTICATION_DIFFERS',
    `The token "${name}" exists, or is being created, with other factors. Use another name, or remove the token first.`,
  )
}

function removed(name: string): LatchkeyError {
  return new LatchkeyError(
    'ERR_SESSION_CHANGED',
    `The token "${name}" was removed while it was being requested, so the new token was dropped. Request it again.`,
  )
}
