import type { KernelOptions } from '../manager-options.ts'
import { sameTokens, type TokenSet } from '../token-set.ts'
import type { SessionState } from './session.ts'

/** On a store without a lock: how long the winner of a race may take to store its tokens, in milliseconds. */
const WINNER_WRITES_MS = 300

/** The part of a renewal that is used here. */
interface Renewing {
  readonly isUnderWay: boolean
  overtake(): Promise<void>
}

/** Follows the changes that other tabs, processes and machines make to the store. */
export class Elsewhere {
  readonly #options: Pick<KernelOptions, 'store' | 'name'>
  readonly #session: SessionState
  readonly #renewal: Renewing
  #unsubscribe: (() => void) | undefined = undefined
  #isLooking = false

  constructor(
    options: Pick<KernelOptions, 'store' | 'name'>,
    session: SessionState,
    renewal: Renewing,
  ) {
    this.#options = options
    this.#session = session
    this.#renewal = renewal
  }

  start(): void {
    const { store, name } = this.#options
    this.#unsubscribe ??= store.subscribe(name, () => void this.look())
  }

  stop(): void {
    this.#unsubscribe?.()
  }

  /** Reads the store and adopts its contents if they are newer. After several changes at once, it reads once more. */
  async look(): Promise<void> {
    const session = this.#session
    session.isOutdated = true
    if (this.#renewal.isUnderWay) return this.#renewal.overtake()
    if (this.#isLooking) return
    this.#isLooking = true
    while (session.isOutdated && !this.#renewal.isUnderWay && !session.stopped) {
      session.isOutdated = false
      if (!(await this.#follow())) break
    }
    this.#isLooking = false
  }

  /** Reads the store. @returns Whether that succeeded. */
  async #follow(): Promise<boolean> {
    const session = this.#session
    const { store, name } = this.#options
    const { current, epoch } = session
    const { tokens, error } = await store.read(name)
    const isOlder = session.current !== current || session.epoch !== epoch // than the session in use now
    session.isOutdated ||= error !== undefined || isOlder || this.#renewal.isUnderWay
    if (error !== undefined) return false
    if (session.isOutdated || session.stopped || sameTokens(tokens, current?.tokens)) return true
    if (tokens) session.adopt(tokens)
    else session.end('elsewhere')
    return true
  }

  /**
   * Returns what another process has stored in place of `known`. Without a lock the winner of a race may still be
   * writing when the loser is rejected, so this waits a moment and reads again.
   */
  async changed(known: TokenSet | undefined): Promise<TokenSet | undefined> {
    const { store, name } = this.#options
    const look = async () => {
      const { tokens } = await store.read(name)
      return sameTokens(tokens, known) ? undefined : tokens
    }
    const found = await look()
    if (found || !known || store.isExclusive) return found
    await new Promise((resolve) => setTimeout(resolve, WINNER_WRITES_MS))
    return look()
  }
}
