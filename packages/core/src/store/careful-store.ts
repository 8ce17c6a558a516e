import { LatchkeyError, withoutSecrets } from '../errors.ts'
import type { ManagerEvents } from '../events.ts'
import { readTokenSet, sameTokens, secretsOf, type TokenSet } from '../token-set.ts'
import { isThenable, throwIfAborted, untilAborted, withTimeLimit } from '../waiting.ts'
import type { KernelStore, Stored, TokenStore } from './token-store.ts'

/** How long one call to a store may take, in milliseconds. After that the manager goes on without it. */
const STORE_LIMIT_MS = 3_000
/** How long the store is not read again while a call is overdue, in milliseconds. */
const HUNG_MS = 30_000
/** How long a write may take while a call is overdue, in milliseconds. It is still tried: a sign-out may succeed. */
const HUNG_LIMIT_MS = 100

type Operation = ManagerEvents['storeFailed']['operation']
type OnFailure = (operation: Operation, error: LatchkeyError) => void

/** Codes of errors about stored data that is not a session. */
const GARBAGE: ReadonlySet<unknown> = new Set([
  'ERR_UNUSABLE_TOKEN',
  'ERR_STORE_GARBAGE',
  'ERR_STORE_NEWER',
])

/**
 * Wraps `store` so that the kernel can rely on it. It serves one manager, and so one name.
 *
 * - Writes run one after another, and a read waits for them. A write is skipped if a newer one is already waiting.
 * - A call that hangs, throws or returns garbage is reported once, until the operation works again. While a call
 * hangs, reads fail at once and writes wait only briefly, so that not every request waits for the same store.
 * - A read fails if the contents are unknown. It fails with `ERR_RENEWAL_UNAVAILABLE` if another process may have
 * used the refresh token in the meantime, so that nothing may be renewed.
 * - A write may exceed its time limit and then overwrite newer data. If so, the newer data is written again.
 */
export class CarefulStore implements KernelStore {
  readonly canWrite?: (name: string) => Promise<boolean>
  readonly #store: TokenStore
  readonly #onFailure: OnFailure
  /** Operations that have failed and have not worked since. */
  readonly #failing = new Set<Operation>()
  /** The contents of the store, as last known. */
  #seen: TokenSet | undefined = undefined
  /** The contents that the store should have. */
  #wanted: TokenSet | undefined = undefined
  /** Whether the last write succeeded. If not, the store still holds the older value (`#seen`): ignore it. */
  #isWritten = true
  #writing: Promise<unknown> = Promise.resolve()
  /** When the overdue call began. `undefined`: no call is overdue. */
  #hungSince: number | undefined = undefined

  constructor(store: TokenStore, onFailure: OnFailure) {
    this.#store = store
    this.#onFailure = onFailure
    if (store.canWrite) this.canWrite = (name) => this.#canWrite(name)
  }

  get isExclusive(): boolean {
    return this.#store.lock !== undefined
  }

  async read(name: string): Promise<Stored> {
    try {
      await this.#writing // a write in progress counts as done
      return { tokens: await this.#read(name), error: undefined }
    } catch (error) {
      return { tokens: undefined, error }
    }
  }

  /** Writes `tokens`, or removes them. Skips the write if a newer one is waiting when its turn comes. */
  write(tokens: TokenSet | undefined, name: string): Promise<void> {
    this.#wanted = tokens
    const isWanted = () => this.#wanted === tokens
    const writing = this.#writing.then(() => (isWanted() ? this.#write(tokens, name) : undefined))
    this.#writing = writing
    return writing
  }

  remove(name: string, only?: TokenSet): Promise<TokenSet | undefined> {
    this.#wanted = undefined
    const removing = this.#writing.then(async () => {
      const found = await this.#read(name).catch(() => undefined)
      const isOther = only && found && !sameTokens(found, only)
      if (this.#wanted === undefined && !isOther) await this.#write(undefined, name)
      return found
    })
    this.#writing = removing
    return removing
  }

  exclusively<T>(
    name: string,
    signal: AbortSignal | undefined,
    run: (stored: Stored) => Promise<T>,
  ): Promise<T> {
    const start = async () => {
      throwIfAborted(signal) // the lock came too late
      const stored = await this.read(name)
      throwIfAborted(signal)
      return run(stored)
    }
    // Work that never ends must not keep the lock: a late result is stored without it.
    const work = () => untilAborted(start(), signal)
    return this.#store.lock ? this.#locked(name, work, signal) : work()
  }

  async #canWrite(name: string): Promise<boolean> {
    const ask = async () => (await this.#store.canWrite?.(name)) ?? true
    return this.#limited('set', ask).catch(() => false)
  }

  subscribe(name: string, listener: () => void): () => void {
    const tell = (error: unknown) => this.#announce('subscribe', error)
    try {
      const stop: unknown = this.#store.subscribe?.(name, listener)
      if (!isThenable(stop)) return () => end(stop)
      const later = Promise.resolve(stop).catch(tell)
      return () => void later.then(end)
    } catch (error) {
      tell(error)
      return () => undefined
    }
  }

  async #read(name: string): Promise<TokenSet | undefined> {
    const store = this.#store
    let tokens: TokenSet | undefined
    try {
      tokens = await this.#limited('get', async () => {
        const stored = await store.getToken(name)
        return stored === undefined || stored === null ? undefined : readTokenSet(stored)
      })
    } catch (error) {
      this.#announce('get', error)
      const isGarbage = GARBAGE.has((error as { code?: unknown } | undefined)?.code)
      // In a shared store, another process may have used the current refresh token.
      const isShared = store.lock && this.#isWritten && this.#seen?.refreshToken !== undefined
      throw !isGarbage && isShared
        ? unavailable(UNREAD, this.#safe(error))
        : failed('Its contents are unknown.')
    }
    // The renewed tokens could not be stored. The store holds the old refresh token, which must not be used again.
    if (!this.#isWritten && sameTokens(tokens, this.#seen)) {
      throw failed('It still holds tokens that are older than the session.')
    }
    this.#seen = tokens
    return tokens
  }

  async #write(tokens: TokenSet | undefined, name: string): Promise<void> {
    const store = this.#store
    const operation = tokens ? 'set' : 'remove'
    let landing: Promise<unknown> | undefined
    try {
      await this.#limited(operation, () => {
        landing = (async () => (tokens ? store.setToken(tokens, name) : store.removeToken(name)))()
        return landing
      })
      this.#isWritten = true
      this.#seen = tokens
    } catch (error) {
      this.#isWritten = false
      this.#announce(operation, error, tokens)
      landing?.then(
        () => {
          if (this.#wanted !== tokens)
            void this.write(this.#wanted, name) // it replaced something newer
          else [this.#isWritten, this.#seen] = [true, tokens]
        },
        () => undefined, // already reported
      )
    }
  }

  async #limited<T>(operation: Operation, work: () => T | PromiseLike<T>): Promise<T> {
    const since = performance.now()
    const isHung = this.#hungSince !== undefined && since - this.#hungSince < HUNG_MS
    if (isHung && operation === 'get') throw failed('An earlier call has not ended yet.')
    const running = (async () => work())()
    const limit = isHung ? HUNG_LIMIT_MS : STORE_LIMIT_MS
    const late = () => {
      this.#hungSince = since
      const back = () => this.#hungSince === since && (this.#hungSince = undefined)
      running.then(back, back)
      return failed(`No answer to ${operation} within ${limit} ms.`)
    }
    const answer = await withTimeLimit(running, limit, late)
    this.#failing.delete(operation)
    return answer
  }

  #announce(operation: Operation, error: unknown, tokens?: TokenSet): void {
    if (this.#failing.has(operation)) return
    this.#failing.add(operation)
    const message = `The token store's ${operation} failed; the session goes on in memory.`
    this.#onFailure(operation, failed(message, this.#safe(error, tokens)))
  }

  /** Returns an error of the store, which may repeat what the store holds or should hold. */
  #safe(error: unknown, tokens?: TokenSet): unknown {
    return withoutSecrets(error, [tokens, this.#seen, this.#wanted].flatMap(secretsOf))
  }

  /** Runs `run` once under the store's lock. Its result is used even if the lock itself then fails. */
  async #locked<T>(
    name: string,
    run: () => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    let running: Promise<T> | undefined
    let cause: unknown
    try {
      await this.#store.lock?.(name, () => (running ??= run()), signal)
    } catch (error) {
      cause = this.#safe(error)
    }
    if (running) return running
    throw unavailable('locked, so nothing was renewed', cause)
  }
}

/** Stops listening. If that fails, a disposed manager ignores the changes that it still hears of. */
function end(stop: unknown): void {
  try {
    if (typeof stop === 'function') stop()
  } catch {
    // nothing is left to do
  }
}

const failed = (message: string, cause?: unknown) =>
  new LatchkeyError('ERR_STORE_FAILED', message, cause === undefined ? {} : { cause })

const UNREAD = 'read, so nothing was renewed, because another process may have renewed already'

const unavailable = (why: string, cause: unknown) =>
  new LatchkeyError(
    'ERR_RENEWAL_UNAVAILABLE',
    `The token store could not be ${why}. The session is kept; a later request tries again.`,
    { cause },
  )
