import type { LatchkeyError } from './errors.ts'
import { isThenable } from './waiting.ts'

/** What a manager is doing, for a user interface. */
export interface ManagerState {
  /** `'unknown'`: the store was not looked into yet. `'renewing'`: grants are being asked, also for a first sign-in. */
  readonly status: 'unknown' | 'signedOut' | 'signedIn' | 'renewing'
  /** When the access token expires, in epoch milliseconds. `undefined`: unknown, never, or there is none. */
  readonly expiresAt: number | undefined
  /** Counts this manager's token sets. 0: there was none yet. */
  readonly generation: number
}

/** What a manager announces. No payload ever holds a token, a password or a query string. */
export interface ManagerEvents {
  /** `manager.state` has changed: a sign-in, a renewal, a sign-out; here, or in another tab, process or machine. */
  changed: ManagerState & {
    /** When, in epoch milliseconds. */
    at: number
  }
  /** The grants are being asked for a new token set. Once, however many requests wait. */
  renewing: {
    /** When, in epoch milliseconds. */
    at: number
  }
  /** A grant gave a new token set, and it is stored. */
  renewed: {
    /** When, in epoch milliseconds. */
    at: number
    /** Counts this manager's token sets: the new one's number. */
    generation: number
    /** The name of the grant that gave it. */
    grant: string
    /** How long the renewal took, retries included. */
    durationMs: number
  }
  /** A renewal ended without a token set. */
  renewalFailed: {
    /** When, in epoch milliseconds. */
    at: number
    /**
     * `'rejected'`: a definite no. `'unavailable'`: the session is kept, and a later request tries again. `'deferred'`:
     * the session is kept, and the user has to do something first.
     */
    outcome: 'rejected' | 'unavailable' | 'deferred'
    /** Why. */
    error: LatchkeyError
  }
  /** A request was answered "token rejected" and is sent again. */
  retried: {
    /** When, in epoch milliseconds. */
    at: number
    /** Whose token it goes out with now. */
    generation: number
    /** The request's HTTP method. */
    method: string
    /** Its origin and path, without a query. */
    url: string
  }
  /** The session is over. Once per session, however many requests were waiting. */
  signedOut: {
    /** When, in epoch milliseconds. */
    at: number
    /**
     * `'signOut'`: signOut() was called here. `'rejected'`: no grant could go on. `'elsewhere'`: another
     * tab, process or machine emptied the store.
     */
    reason: 'signOut' | 'rejected' | 'elsewhere'
  }
  /**
   * The store failed or held garbage; the manager went on from memory. Where nobody listens, the console
   * is told, once per operation.
   */
  storeFailed: {
    /** When, in epoch milliseconds. */
    at: number
    /** What the store was asked to do. */
    operation: 'get' | 'set' | 'remove' | 'subscribe'
    /** `ERR_STORE_FAILED`, with the store's own error as its `cause`. */
    error: LatchkeyError
  }
}

/**
 * What `manager.on()` calls. It cannot steer: what it throws is reported on the console and goes no
 * further.
 */
export type Listener<Name extends keyof ManagerEvents> = (event: ManagerEvents[Name]) => void

/** A new manager's: its store has not been read yet. */
const UNKNOWN: ManagerState = Object.freeze({
  status: 'unknown',
  expiresAt: undefined,
  generation: 0,
})

/** Tells listeners what happens. They cannot steer: what one throws is reported on the console and goes no further. */
export class Events {
  #listeners: Map<keyof ManagerEvents, Set<(event: never) => unknown>> | undefined = undefined
  #state = UNKNOWN

  /** What a user interface may show. The same object until something changes. */
  get state(): ManagerState {
    return this.#state
  }

  on<Name extends keyof ManagerEvents>(name: Name, listener: Listener<Name>): () => void {
    const own: Listener<Name> = (event) => listener(event) // so that one function may listen twice
    this.#listeners ??= new Map()
    const all = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, all.add(own))
    return () => void all.delete(own)
  }

  /** @returns Whether there was a listener. */
  emit<Name extends keyof ManagerEvents>(name: Name, event: ManagerEvents[Name]): boolean {
    const all = this.#listeners?.get(name) ?? []
    let isHeard = false
    for (const listener of all) {
      isHeard = true
      try {
        const result = listener(event as never)
        if (isThenable(result)) Promise.resolve(result).catch((error) => report(name, error))
      } catch (error) {
        report(name, error)
      }
    }
    return isHeard
  }

  /** Tells of `next` where that is a change. */
  tellState({ status, expiresAt, generation }: ManagerState, at: number): void {
    const last = this.#state
    const isSame =
      last.status === status && last.expiresAt === expiresAt && last.generation === generation
    if (isSame) return
    this.#state = Object.freeze({ status, expiresAt, generation })
    this.emit('changed', { at, ...this.#state })
  }

  clear(): void {
    this.#listeners = undefined
  }
}

function report(name: string, error: unknown): void {
  // oxlint-disable-next-line no-console -- the one place left to say it: nothing awaits a listener
  console.error(`Latchkey: a listener of "${name}" failed:`, error)
}
