import type { LatchkeyError } from '../errors.ts'
import type { Events, ManagerEvents } from '../events.ts'
import { readJwtOwner, withExpiry } from '../expiry.ts'
import type { KernelOptions } from '../manager-options.ts'
import type { TokenSet } from '../token-set.ts'
import {
  coolDown,
  type Failure,
  type Refused,
  renewalInstant,
  type Session,
  type State,
  stateOf,
} from './decisions.ts'

/**
 * What a manager remembers, and every change of it. This class reads, writes and sends nothing.
 *
 * `generation` counts the token sets in use and `epoch` the sessions. Signing in or out, here or elsewhere, ends
 * an epoch. The result of work that began in an older epoch is dropped.
 */
export class SessionState implements State {
  current: Session | undefined = undefined
  generation = 0
  epoch = 0
  /** Counts the sign-ins and sign-outs as they begin. */
  begun = 0
  /** Number of the last sign-in or sign-out that took effect. Any that began earlier are dropped. */
  decided = 0
  /** The error of all requests until a sign-in. Set by signOut() and dispose(). */
  stopped: LatchkeyError | undefined = undefined
  failure: Failure | undefined = undefined
  refused: Refused | undefined = undefined
  /** Whether the store has been read. */
  isLoaded = false
  /** Whether grants are being asked. */
  isRenewing = false
  /**
   * Whether the store has changed and has not been read since: the store could not be read, or a renewal is in
   * progress, which reads the store itself.
   */
  isOutdated = false
  readonly #options: Pick<KernelOptions, 'clock' | 'renewAheadMs'>
  readonly #events: Events

  constructor(options: Pick<KernelOptions, 'clock' | 'renewAheadMs'>, events: Events) {
    this.#options = options
    this.#events = events
  }

  /**
   * Sends requests with `tokens` from now on, and forgets earlier failures. If the tokens name another user, a new
   * session begins.
   *
   * @param tokens With the instant of their expiry (`withExpiry()`).
   * @param permanent Whether they are never renewed and never stored.
   */
  enter(tokens: TokenSet, permanent = false): Session {
    const { clock, renewAheadMs } = this.#options
    const { expiresAt = Infinity } = tokens
    const mine = this.current && readJwtOwner(this.current.tokens.accessToken)
    const theirs = mine && readJwtOwner(tokens.accessToken)
    if (theirs && mine !== theirs) this.epoch += 1
    this.generation += 1
    const entered: Session = {
      tokens,
      generation: this.generation,
      epoch: this.epoch,
      expiresAt,
      renewAt: renewalInstant(expiresAt, clock.now(), renewAheadMs),
      isRejected: false,
      permanent,
      headers: undefined,
    }
    this.current = entered
    this.failure = undefined
    this.isRenewing = false
    this.announce()
    return entered // a listener may have ended it
  }

  /** Adopts what another process or tab has stored. */
  adopt(tokens: TokenSet): Session {
    return this.enter(withExpiry(tokens, 'store', this.#options.clock.now()))
  }

  /**
   * Forgets the session in memory and ends its epoch. Announces this only if there was a session. signOut(), here
   * or elsewhere, also cancels the sign-ins in progress. A session ended by the server does not: those sign-ins
   * are there to replace it.
   */
  end(reason: ManagerEvents['signedOut']['reason'], had = this.current !== undefined): void {
    this.epoch += 1
    if (reason !== 'rejected') this.decided = this.begun += 1
    this.current = undefined
    this.failure = undefined
    this.isRenewing = false
    this.announce()
    if (had) this.#events.emit('signedOut', { at: this.#options.clock.now(), reason })
  }

  /** Remembers that the server rejected the token in use although it was fresh. */
  refuse(): void {
    this.refused = coolDown(this.refused, this.generation, this.#options.clock.now())
  }

  /** Announces the state if it has changed. */
  announce(): void {
    this.#events.tellState(stateOf(this), this.#options.clock.now())
  }
}
