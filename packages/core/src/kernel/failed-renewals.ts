import { type GrantRejectedError, isDeferral } from '../errors.ts'
import type { Events } from '../events.ts'
import type { KernelOptions } from '../manager-options.ts'
import { sessionChanged, signInRequired } from '../texts.ts'
import { secretsOf, type TokenSet } from '../token-set.ts'
import { throwIfAborted } from '../waiting.ts'
import { COOL_DOWN_MS, isPassing, isUsable, type Run } from './decisions.ts'
import type { SessionState } from './session.ts'

/** Decides what becomes of the session after a renewal without a result. */
export class FailedRenewals {
  readonly #options: KernelOptions
  readonly #session: SessionState
  readonly #events: Events

  constructor(options: KernelOptions, session: SessionState, events: Events) {
    this.#options = options
    this.#session = session
    this.#events = events
  }

  /**
   * Handles a chain without a result. A token that is still valid is used until it expires. Otherwise the session
   * is over.
   */
  async giveUp(
    run: Run,
    tried: string[],
    rejection: GrantRejectedError | undefined,
    known: TokenSet | undefined,
  ): Promise<never> {
    const session = this.#session
    const { store, name, clock } = this.#options
    if (session.epoch !== run.epoch) throw sessionChanged()
    throwIfAborted(run.signal) // after its time limit a renewal may still store a token, but must not end a session
    const at = clock.now()
    const error = signInRequired(tried, rejection, secretsOf(known))
    if (rejection) this.#events.emit('renewalFailed', { at, outcome: 'rejected', error })
    const { current } = session
    if (isUsable(current, at)) {
      current.renewAt = Infinity
      throw error
    }
    session.end('rejected', known !== undefined || current !== undefined)
    if (rejection) session.failure = { error, since: -Infinity, until: Infinity, tokens: undefined }
    await store.remove(name, known) // unless another process has stored a session since
    throw error
  }

  /**
   * Passes on the error of a renewal. If the reason may pass, the session is kept and a cool-down holds back the
   * next requests. If the user has to act first, the manager reports it once and does not ask again for the same
   * token set.
   */
  fail(error: unknown): never {
    const session = this.#session
    const at = this.#options.clock.now()
    if (isPassing(error)) {
      if (session.current) session.current.isRejected = false // the server may accept it again by then
      session.failure = { error, since: at, until: at + (error.retryAfterMs ?? COOL_DOWN_MS) }
      this.#events.emit('renewalFailed', { at, outcome: 'unavailable', error })
    } else if (isDeferral(error) && session.failure?.error !== error) {
      const { tokens } = session.current ?? {}
      session.failure = { error, since: -Infinity, until: Infinity, tokens }
      this.#events.emit('renewalFailed', { at, outcome: 'deferred', error })
    }
    throw error
  }
}
