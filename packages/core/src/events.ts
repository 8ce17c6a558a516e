import type { LatchkeyError } from './errors.ts'
import { isThenable } from './waiting.ts'

/** The state of a manager, for a user interface. */
export interface ManagerState {
  /** `'unknown'`: the store has not been read yet. `'renewing'`: grants are being asked, also for a first sign-in. */
  readonly status: 'unknown' | 'signedOut' | 'signedIn' | 'renewing'
  /** When the access token expires, in epoch milliseconds. `undefined`: unknown, never, or there is none. */
  readonly expiresAt: number | undefined
  /** Counts this manager's token sets. 0: there was none yet. */
  readonly generation: number
}

/** The events of a manager. They never contain a token, a password or a query string. */
export interface ManagerEvents {
  /** `manager.state` has changed: a sign-in, renewal or sign-out, here or in another tab, process or machine. */
  changed: ManagerState & {
    /** When, in epoch milliseconds. */
    at: number
  }
  /** The grants are being asked for a new token set. Emitted once per renewal, however many requests wait. */
  renewing: {
    /** When, in epoch milliseconds. */
    at: number
  }
  /** A grant returned a new token set, and it is stored. */
  renewed: {
    /** When, in epoch milliseconds. */
    at: number
    /** The number of the new token set. It counts this manager's token sets. */
    generation: number
    /** The name of the grant that returned it. */
    grant: string
    /** How long the renewal took in milliseconds, retries included. */
    durationMs: number
  }
  /** A renewal ended without a token set. */
  renewalFailed: {
    /** When, in epoch milliseconds. */
    at: number
    /**
     * `'rejected'`: a definite no. `'unavailable'`: the session is kept, and a later request tries again.
     * `'deferred'`: the session is kept, and the user has to act first.
     */
    outcome: 'rejected' | 'unavailable' | 'deferred'
    /** The reason. */
    error: LatchkeyError
  }
  /** The server rejected the token of a request, and the request is sent again. */
  retried: {
    /** When, in epoch milliseconds. */
    at: number
    /** The number of the token set that it carries now. */
    generation: number
    /** The request's HTTP method. */
    method: string
    /** The request's origin and path, without a query. */
    url: string
  }
  /** The session has ended. Emitted once per session, however many requests were waiting. */
  signedOut: {
    /** When, in epoch milliseconds. */
    at: number
    /**
     * `'signOut'`: signOut() was called here. `'rejected'`: no grant could obtain a token. `'elsewhere'`: another
     * tab, process or machine emptied the store.
     */
    reason: 'signOut' | 'rejected' | 'elsewhere'
  }
  /**
   * The store failed or returned garbage, so the manager goes on with the tokens in memory. Without a listener,
   * the console shows a warning once per operation.
   */
  storeFailed: {
    /** When, in epoch milliseconds. */
    at: number
    /** The operation that failed. */
    operation: 'get' | 'set' | 'remove' | 'subscribe'
    /** `ERR_STORE_FAILED`, with the store's own error as its `cause`. */
    error: LatchkeyError
  }
}

/**
 * A function that `manager.on()` calls. It cannot change what the manager does. If it throws, the console shows
 * the error.
 */
export type Listener<Name extends keyof ManagerEvents> = (event: ManagerEvents[Name]) => void

/** A new manager's: its store has not been read yet. */
const UNKNOWN: ManagerState = Object.freeze({
  status: 'unknown',
  expiresAt: undefined,
  generation: 0,
})

/** Calls listeners. A listener cannot change what the manager does. If it throws, the console shows the error. */
export class Events {
  #listeners: Map<keyof ManagerEvents, Set<(event: never) => unknown>> | undefined = undefined
  #state = UNKNOWN
  /** The calls that are left to make. */
  #waiting: (() => void)[] = []

  /** What a user interface may show. The same object until something changes. */
  get state(): ManagerState {
    return this.#state
  }

  on<Name extends keyof ManagerEvents>(name: Name, listener: Listener<Name>): () => void {
    const own: Listener<Name> = (event) => listener(event) // so that one function may be added twice
    this.#listeners ??= new Map()
    const all = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, all.add(own))
    return () => void all.delete(own)
  }

  /**
   * Calls the listeners of that moment. An event that a listener causes waits until all have heard of the one before.
   *
   * @returns Whether there was one.
   */
  emit<Name extends keyof ManagerEvents>(name: Name, event: ManagerEvents[Name]): boolean {
    const all = [...(this.#listeners?.get(name) ?? [])]
    this.#waiting.push(...all.map((listener) => () => this.#tell(name, listener, event)))
    if (this.#waiting.length > all.length) return all.length > 0 // the call that is under way goes on with them
    for (const tell of this.#waiting) tell()
    this.#waiting = []
    return all.length > 0
  }

  #tell(name: keyof ManagerEvents, listener: (event: never) => unknown, event: object): void {
    if (!this.#listeners?.get(name)?.has(listener)) return // removed by another listener
    try {
      const result = listener(event as never)
      if (isThenable(result)) Promise.resolve(result).catch((error) => report(name, error))
    } catch (error) {
      report(name, error)
    }
  }

  /** Emits `next` if it differs from the last state. */
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
  // oxlint-disable-next-line no-console -- no caller awaits a listener, so this is the only place left
  console.error(`Latchkey: a listener of "${name}" failed:`, error)
}
