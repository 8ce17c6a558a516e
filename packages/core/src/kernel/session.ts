import type { LatchkeyError } from '../errors.ts'
import type { Events, ManagerEvents } from '../events.ts'
import { readJwtOwner, withExpiry } from '../expiry.ts'
import type { KernelOptions } from '../manager-options.ts'
import type { TokenSet } from '../token-set.ts'
import {
  type Failure,
  type Refused,
  renewalInstant,
  type Session,
  type State,
  stateOf,
} from './decisions.ts'

/**
 * What a manager remembers, and every way in which that may change. Nothing is read, written or sent here.
 *
 * `generation` counts the token sets in use and `epoch` the sessions: signing out and signing in end an epoch, here or
 * elsewhere, and whatever was begun in an older one is dropped when it comes back.
 */
export class SessionState implements State {
  current: Session | undefined = undefined
  generation = 0
  epoch = 0
  /** Counts the sign-ins and sign-outs as they begin. */
  begun = 0
  /** The last one that took effect. Any that began before it comes too late. */
  decided = 0
  /** Set by signOut() and dispose(): why requests are refused until a sign-in. */
  stopped: LatchkeyError | undefined = undefined
  failure: Failure | undefined = undefined
  refused: Refused | undefined = undefined
  /** Whether the store was looked into. */
  isLoaded = false
  /** Whether grants are being asked. */
  isRenewing = false
  /**
   * Whether the store has changed and was not looked at since: a renewal is under way, which reads the store itself,
   * or the store could not be read.
   */
  isOutdated = false
  readonly #options: Pick<KernelOptions, 'clock' | 'renewAheadMs'>
  readonly #events: Events

  constructor(options: Pick<KernelOptions, 'clock' | 'renewAheadMs'>, events: Events) {
    this.#options = options
    this.#events = events
  }

  /**
   * From now on requests go out with `tokens`; earlier failures are forgotten. Another user's tokens, as far as they
   * say whose they are, begin another session.
   *
   * @param tokens With the instant of their expiry (`withExpiry()`).
   * @param permanent They are never renewed and never stored.
   */
  enter(tokens: TokenSet, permanent = false): Session {
    const { clock, renewAheadMs } = this.#options
    const { expiresAt = Infinity } = tokens
    const mine = this.current && readJwtOwner(this.current.tokens.accessToken)
    const theirs = mine && readJwtOwner(tokens.accessToken)
    if (theirs && mine !== theirs) this.epoch += 1
    this.generation += 1
    this.current = {
      tokens,
      generation: this.generation,
      epoch: this.epoch,
      expiresAt,
      renewAt: renewalInstant(expiresAt, clock.now(), renewAheadMs),
      isRejected: false,
      permanent,
      headers: undefined,
    }
    this.failure = undefined
    this.isRenewing = false
    this.announce()
    return this.current
  }

  /** Takes over what another process or tab has stored. */
  adopt(tokens: TokenSet): Session {
    return this.enter(withExpiry(tokens, 'store', this.#options.clock.now()))
  }

  /**
   * Forgets the session in memory and ends its epoch; announced only when there was one. signOut(), here or
   * elsewhere, also cancels the sign-ins in progress. A session ended by the server does not: those sign-ins are
   * there to replace it.
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

  /** Tells of a change of the state, if there is one. */
  announce(): void {
    this.#events.tellState(stateOf(this), this.#options.clock.now())
  }
}
