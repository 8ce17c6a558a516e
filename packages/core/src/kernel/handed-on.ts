import { isLatchkeyError } from '../errors.ts'
import { withExpiry } from '../expiry.ts'
import { boundedView, droppedOf, type ResponseView } from '../fetch/response-view.ts'
import type { KernelOptions } from '../manager-options.ts'
import { keepRefreshToken, readTokenSet, sameTokens, type TokenSet } from '../token-set.ts'
import { throwIfAborted, untilAborted } from '../waiting.ts'
import type { Authorization } from './authorization.ts'
import type { Session } from './decisions.ts'
import type { SessionState } from './session.ts'

/** A session that is prolonged by less than a twentieth of what is left is not written anew. */
const PROLONGED = 1.05

/** Token sets that come with a response instead of a renewal: handed on by it, or obtained because it asked for them. */
export class HandedOn {
  readonly #options: KernelOptions
  readonly #session: SessionState

  constructor(options: KernelOptions, session: SessionState) {
    this.#options = options
    this.#session = session
  }

  /** Takes over the tokens that an ordinary answer hands on, if the request carried the token in use. */
  takeFrom(response: ResponseView | Response, { generation, epoch, target }: Authorization): void {
    const { current } = this.#session
    if (current?.generation !== generation || current.epoch !== epoch) return
    if (droppedOf(response) !== undefined || this.#session.stopped) return
    try {
      const found = this.#options.tokensFrom?.(boundedView(response, target), current.tokens)
      if (found) this.#replace(current, found)
    } catch {
      // what cannot be read is not taken over
    }
  }

  /**
   * Lets `onChallenge` answer a refusal.
   *
   * @returns The session to send the request again with; whether that is the one in use, for which new headers are made.
   * @throws a LatchkeyError that says why there is none, or `signal`'s own reason.
   */
  async answer(
    response: ResponseView | Response,
    { generation, epoch, target }: Authorization,
    signal: AbortSignal | null | undefined,
  ): Promise<{ session: Session; isSame: boolean } | undefined> {
    const { current, stopped } = this.#session
    if (!current || stopped || current.epoch !== epoch) return undefined
    const isInUse = current.generation === generation
    const ask = async () =>
      this.#options.onChallenge?.(boundedView(response, target), current.tokens, isInUse)
    try {
      const found = await untilAborted(ask(), signal)
      const inUse = this.#session.current
      if (!found || inUse?.epoch !== epoch) return undefined
      const isSame = sameTokens(found, current.tokens)
      return { isSame, session: isSame ? inUse : this.#replace(inUse, found) }
    } catch (error) {
      throwIfAborted(signal)
      if (isLatchkeyError(error)) throw error
      return undefined // what is thrown otherwise is no answer
    }
  }

  /** `found` takes the place of `current`, within the same session. */
  #replace(current: Session, found: TokenSet): Session {
    if (current.permanent) return current
    const now = this.#options.clock.now()
    const next = withExpiry(keepRefreshToken(readTokenSet(found), current.tokens), 'receipt', now)
    const isLonger = (next.expiresAt ?? Infinity) - now > (current.expiresAt - now) * PROLONGED
    if (sameTokens(next, current.tokens) && !isLonger) return current
    const entered = this.#session.enter(next)
    // Where the lock fails it stays in memory.
    void this.#store(current.tokens, next).catch(() => undefined)
    return entered
  }

  /** Stores `tokens` where `before` still is: a sign-out or sign-in elsewhere that is not heard of yet wins. */
  #store(before: TokenSet, tokens: TokenSet): Promise<void> {
    const { store, name } = this.#options
    return store.exclusively(name, undefined, async (stored) => {
      if (stored.error === undefined && sameTokens(stored.tokens, before))
        await store.write(tokens, name)
    })
  }
}
