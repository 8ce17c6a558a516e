import { deferred } from './deferred.ts'

/**
 * What goes wrong with a request.
 * - `'network'`: the connection breaks and the server never sees the request.
 * - `'lost answer'`: the server does the work (a renewal takes the old refresh token), then the
 *   connection breaks, so the client cannot tell this from `'network'`.
 * - an object: this answer instead of the server's. A string body is sent as it is, anything else as
 *   JSON; without one the body is empty.
 */
export type Fault =
  | 'network'
  | 'lost answer'
  | {
      /** The HTTP status. */
      readonly status: number
      /** Text as it is, anything else as JSON. Default: none. */
      readonly body?: unknown
      /** Such as `{ 'retry-after': '1' }`. */
      readonly headers?: HeadersInit
    }

/** Requests that wait inside the server until the test lets them go. */
export interface Hold {
  /** How many requests are waiting now. */
  readonly waiting: number
  /** Resolves as soon as at least `count` requests wait (default 1). */
  whenWaiting(count?: number): Promise<void>
  /** Lets every waiting request go on, and later ones pass. Calling it again does nothing. */
  release(): void
}

/**
 * A connection that broke. `fetch` in process rejects with it, as the platform's own fetch does: it is
 * a TypeError by name too, because that is how clients tell a network error.
 */
export class NetworkFault extends TypeError {
  constructor() {
    super('fetch failed', { cause: new Error('the double was told to break this connection') })
  }
}

/** The trouble that a test has ordered, by kind of request. */
export interface Faults<Kind extends string> {
  failNext(kind: Kind, count: number, fault: Fault): void
  delay(kind: Kind | 'all', ms: number): void
  hold(kind: Kind): Hold
  clear(): void
  take(kind: Kind): Fault | undefined
  /** Waits as long as ordered: first the hold, then the delays in real milliseconds. */
  pass(kind: Kind): Promise<void>
}

export function createFaults<Kind extends string>(kinds: readonly Kind[]): Faults<Kind> {
  const queues = new Map<Kind, Fault[]>()
  const delays = new Map<Kind | 'all', number>()
  const holds = new Map<Kind, OpenHold>()
  /** A misspelt kind would never match, and the test would prove nothing. */
  const checkKind = (kind: Kind) => {
    if (kinds.includes(kind)) return
    throw new TypeError(`the kind of request must be one of ${kinds.join(', ')}, got ${kind}`)
  }

  return {
    failNext(kind, count, fault) {
      checkKind(kind)
      if (!Number.isSafeInteger(count) || count < 0) {
        throw new TypeError(`failNext needs a whole number of requests >= 0, got ${count}`)
      }
      const ordered = Array.from({ length: count }, () => fault)
      queues.set(kind, [...(queues.get(kind) ?? []), ...ordered])
    },
    delay(kind, ms) {
      if (kind !== 'all') checkKind(kind)
      if (!Number.isFinite(ms) || ms < 0) {
        throw new TypeError(`delay needs a finite number of ms >= 0, got ${ms}`)
      }
      delays.set(kind, ms)
    },
    hold(kind) {
      checkKind(kind)
      const hold = holds.get(kind) ?? createHold(() => holds.delete(kind))
      holds.set(kind, hold)
      return hold.handle
    },
    clear() {
      queues.clear()
      delays.clear()
      for (const hold of holds.values()) hold.handle.release()
    },
    take: (kind) => queues.get(kind)?.shift(),
    async pass(kind) {
      await holds.get(kind)?.arrive()
      const ms = (delays.get('all') ?? 0) + (delays.get(kind) ?? 0)
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
    },
  }
}

interface OpenHold {
  readonly handle: Hold
  arrive(): Promise<void>
}

function createHold(onRelease: () => void): OpenHold {
  const gate = deferred()
  const watchers: { count: number; resolve: () => void }[] = []
  let waiting = 0
  const handle: Hold = {
    get waiting() {
      return waiting
    },
    whenWaiting(count = 1) {
      if (waiting >= count) return Promise.resolve()
      return new Promise((resolve) => watchers.push({ count, resolve }))
    },
    release() {
      onRelease()
      gate.resolve()
    },
  }
  return {
    handle,
    async arrive() {
      waiting += 1
      for (const watcher of watchers) if (waiting >= watcher.count) watcher.resolve()
      await gate.promise
      waiting -= 1
    },
  }
}
