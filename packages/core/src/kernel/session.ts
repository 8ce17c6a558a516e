import type { LatchkeyError } from '../errors.ts'
import type { Events, ManagerEvents, ManagerState } from '../events.ts'
import {
  expiryFromStore,
  expiryOfGiven,
  expiryOfObtained,
  expiryOnReceipt,
  readJwtOwner,
} from '../expiry.ts'
import type { KernelOptions } from '../manager-options.ts'
import { sessionChanged } from '../texts.ts'
import { readTokenSet, type TokenSet } from '../token-set.ts'
import {
  type Failure,
  isUsable,
  type Refused,
  renewalInstant,
  type Run,
  type Session,
} from './decisions.ts'

/** Which session somebody began with, to ask after an await whether it is still the same. */
export interface Mark {
  epoch: number
  /** Whether there was a session at all. */
  had: boolean
}

/** Where a token set comes from decides what is believed of its expiry. */
const EXPIRY = {
  receipt: expiryOnReceipt,
  store: expiryFromStore,
  given: expiryOfGiven,
  obtained: expiryOfObtained,
} as const

/**
 * What a manager remembers, and every way in which that may change. Nothing is read, written or sent here.
 *
 * `generation` counts the token sets in use and `epoch` the sessions: signing out and signing in end an epoch, here or
 * elsewhere, and whatever was begun in an older one is dropped when it comes back.
 */
export class SessionKeeper {
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
  #state: ManagerState = Object.freeze({ status: 'unknown', expiresAt: undefined, generation: 0 })
  readonly #options: Pick<KernelOptions, 'clock' | 'renewAheadMs'>
  readonly #events: Events

  constructor(options: Pick<KernelOptions, 'clock' | 'renewAheadMs'>, events: Events) {
    this.#options = options
    this.#events = events
  }

  mark(): Mark {
    return { epoch: this.epoch, had: this.current !== undefined }
  }

  /**
   * Nothing, while the session is the one of `began`. A request that began without one takes the first that comes.
   *
   * @throws {LatchkeyError} why requests are refused, or `ERR_SESSION_CHANGED`.
   */
  expectSame({ epoch, had }: Mark): void {
    if (this.stopped) throw this.stopped
    if (this.epoch === epoch || (!had && this.current && this.epoch === epoch + 1)) return
    throw sessionChanged()
  }

  /** `tokens` as the session to come: its expiry settled, so that a store keeps the instant too. */
  open(tokens: TokenSet, from: keyof typeof EXPIRY, permanent = false): Session {
    const { clock, renewAheadMs } = this.#options
    const now = clock.now()
    const expiresAt = permanent ? undefined : EXPIRY[from](tokens, now)
    return {
      tokens: readTokenSet({ ...tokens, expiresAt }),
      generation: this.generation + 1,
      epoch: this.epoch,
      expiresAt: expiresAt ?? Infinity,
      renewAt: expiresAt === undefined ? Infinity : renewalInstant(expiresAt, now, renewAheadMs),
      isRejected: false,
      permanent,
      headers: undefined,
    }
  }

  /** Whether requests could go out with what a store holds. */
  isFresh(stored: TokenSet): boolean {
    return isUsable(this.open(stored, 'store'), this.#options.clock.now())
  }

  /**
   * From now on requests go out with `opened`; earlier failures are forgotten. Another user's tokens, as far as they
   * say whose they are, begin another session.
   */
  enter(opened: Session): Session {
    const mine = this.current && readJwtOwner(this.current.tokens.accessToken)
    const theirs = mine && readJwtOwner(opened.tokens.accessToken)
    if (theirs && mine !== theirs) this.epoch += 1
    this.generation += 1
    this.current = { ...opened, generation: this.generation, epoch: this.epoch }
    this.failure = undefined
    this.announce()
    return this.current
  }

  /** Takes over what another process or tab has stored. */
  adopt(tokens: TokenSet): Session {
    return this.enter(this.open(tokens, 'store'))
  }

  /**
   * Whether the result of a renewal should be used: the token set is still the one that it started from, or it has
   * not timed out and there is no usable token.
   */
  isCurrent({ epoch, generation, signal }: Run): boolean {
    if (this.epoch !== epoch) return false
    const isServed = isUsable(this.current, this.#options.clock.now())
    return this.generation === generation || (!signal.aborted && !isServed)
  }

  /** What a faster renewal obtained serves as well, within the same session. */
  overtaken({ epoch }: Run): Session {
    if (this.epoch === epoch && this.current) return this.current
    throw sessionChanged()
  }

  /** adopt(), for a renewal whose result should still be used. */
  adoptFor(run: Run, tokens: TokenSet): Session {
    return this.isCurrent(run) ? this.adopt(tokens) : this.overtaken(run)
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
    this.announce()
    if (had) this.#events.emit('signedOut', { at: this.#options.clock.now(), reason })
  }

  /** What a user interface may show. The same object until something changes. */
  get state(): ManagerState {
    const { current, generation } = this
    const isKnown = this.isLoaded || this.stopped !== undefined
    const idle = current ? 'signedIn' : isKnown ? 'signedOut' : 'unknown'
    const status = this.isRenewing ? 'renewing' : idle
    const expiresAt = current && Number.isFinite(current.expiresAt) ? current.expiresAt : undefined
    const last = this.#state
    const isSame =
      last.status === status && last.expiresAt === expiresAt && last.generation === generation
    if (!isSame) this.#state = Object.freeze({ status, expiresAt, generation })
    return this.#state
  }

  /** Tells of a change of the state, if there is one. */
  announce(): void {
    const before = this.#state
    const { state } = this
    if (state === before) return
    this.#events.emit('changed', { at: this.#options.clock.now(), ...state })
  }
}
