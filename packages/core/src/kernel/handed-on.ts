import { isLatchkeyError } from '../errors.ts'
import { withExpiry } from '../expiry.ts'
import { boundedView, droppedOf, type ResponseView } from '../fetch/response-view.ts'
import type { KernelOptions } from '../manager-options.ts'
import { keepRefreshToken, readTokenSet, sameTokens, type TokenSet } from '../token-set.ts'
import { throwIfAborted, untilAborted } from '../waiting.ts'
import type { Authorization } from './authorization.ts'
import type { Session } from './decisions.ts'
import type { SessionState } from './session.ts'

/** A session whose remaining time grows by less than a twentieth is not stored again. */
const PROLONGED = 1.05

/** Token sets that come with a response instead of a renewal: the response holds them, or it asked for them. */
export class HandedOn {
  readonly #options: KernelOptions
  readonly #session: SessionState

  constructor(options: KernelOptions, session: SessionState) {
    this.#options = options
    this.#session = session
  }

  /** Adopts the tokens that an ordinary answer holds, if its request carried the token in use. */
  takeFrom(response: ResponseView | Response, { generation, epoch, target }: Authorization): void {
    const { current } = this.#session
    if (current?.generation !== generation || current.epoch !== epoch) return
    if (droppedOf(response) !== undefined || this.#session.stopped) return
    try {
      const found = this.#options.tokensFrom?.(boundedView(response, target), current.tokens)
      if (found) this.#replace(current, found)
    } catch {
      // unreadable tokens are not adopted
    }
  }

  /**
   * Lets `onChallenge` answer a 401 or 403.
   *
   * @returns The session to send the request again with, and whether it is still the one in use, which gets new
   *   headers.
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
      return undefined // any other error counts as "no answer"
    }
  }

  /** Replaces `current` by `found`, within the same session. */
  #replace(current: Session, found: TokenSet): Session {
    if (current.permanent) return current
    const now = this.#options.clock.now()
    const next = withExpiry(keepRefreshToken(readTokenSet(found), current.tokens), 'receipt', now)
    const isLonger = (next.expiresAt ?? Infinity) - now > (current.expiresAt - now) * PROLONGED
    if (sameTokens(next, current.tokens) && !isLonger) return current
    const entered = this.#session.enter(next)
    // If the lock fails, the tokens stay in memory only.
    void this.#store(current.tokens, next).catch(() => undefined)
    return entered
  }

  /** Stores `tokens` if `before` is still there. Otherwise another process has signed in or out, and that wins. */
  #store(before: TokenSet, tokens: TokenSet): Promise<void> {
    const { store, name } = this.#options
    return store.exclusively(name, undefined, async (stored) => {
      if (stored.error === undefined && sameTokens(stored.tokens, before))
        await store.write(tokens, name)
    })
  }
}
