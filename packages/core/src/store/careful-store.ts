import { LatchkeyError, withoutSecrets } from '../errors.ts'
import type { ManagerEvents } from '../events.ts'
import { readTokenSet, sameTokens, secretsOf, type TokenSet } from '../token-set.ts'
import { throwIfAborted, untilAborted, withTimeLimit } from '../waiting.ts'
import type { KernelStore, Stored, TokenStore } from './token-store.ts'

/** How long one call of a store may take, in milliseconds, before the manager goes on without it. */
const STORE_LIMIT_MS = 3_000
/** How long a store is not read again while a call of it that overran its time has not come back, in milliseconds. */
const HUNG_MS = 30_000
/** How long a write is waited for meanwhile, in milliseconds. It is tried all the same: a sign-out may get through. */
const HUNG_LIMIT_MS = 100

type Operation = ManagerEvents['storeFailed']['operation']
type OnFailure = (operation: Operation, error: LatchkeyError) => void

/** Codes of what was read, and is not a session. */
const GARBAGE: ReadonlySet<unknown> = new Set([
  'ERR_UNUSABLE_TOKEN',
  'ERR_STORE_GARBAGE',
  'ERR_STORE_NEWER',
])

/**
 * `store`, made fit for the kernel to rely on. It serves one manager, and so one name.
 *
 * - Writes run one after the other, and a read comes after them. A write that a newer one has overtaken before its turn
 *   is left out.
 * - A call that hangs, throws or holds garbage is told once, until it works again. While one hangs, reads fail at once
 *   and writes are hardly waited for, so that requests do not wait for the same store again and again.
 * - A read fails where the contents are unknown. With `ERR_RENEWAL_UNAVAILABLE`, where another process may have
 *   spent the refresh token in the meantime, so that nothing may be renewed.
 * - A write that overran its time and lands later, over something newer, is put right.
 */
export class CarefulStore implements KernelStore {
  readonly canWrite?: (name: string) => Promise<boolean>
  readonly #store: TokenStore
  readonly #onFailure: OnFailure
  /** What has failed and not worked since. */
  readonly #failing = new Set<Operation>()
  /** What the store was last known to hold. */
  #seen: TokenSet | undefined = undefined
  /** What it was last told to hold. */
  #wanted: TokenSet | undefined = undefined
  /** Whether the last write got through. If not, the store still holds the older value (`#seen`): ignore it. */
  #isWritten = true
  #writing: Promise<unknown> = Promise.resolve()
  /** When the last call began that overran its time and has not come back. */
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
      await this.#writing // what is being written is as good as written
      return { tokens: await this.#read(name), error: undefined }
    } catch (error) {
      return { tokens: undefined, error }
    }
  }

  /** What a newer order has overtaken when its turn comes is not written. */
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
      return run(await this.read(name))
    }
    // Work that never ends must not keep the lock: a late result is stored without it.
    const work = () => untilAborted(start(), signal)
    return this.#store.lock ? runOnce(this.#store, name, work) : work()
  }

  async #canWrite(name: string): Promise<boolean> {
    const ask = async () => (await this.#store.canWrite?.(name)) ?? true
    return this.#limited('set', ask).catch(() => false)
  }

  subscribe(name: string, listener: () => void): () => void {
    const nothing = () => undefined
    try {
      return this.#store.subscribe?.(name, listener) ?? nothing
    } catch (error) {
      this.#announce('subscribe', error)
      return nothing
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
      // Others may have spent the refresh token in use, where it lies in a store that several share.
      const isShared = store.lock && this.#isWritten && this.#seen?.refreshToken !== undefined
      throw !isGarbage && isShared ? unreadable(error) : failed('Its contents are unknown.')
    }
    // Ours was rotated and could not be stored: the store's is spent, and must not be presented again.
    if (!this.#isWritten && sameTokens(tokens, this.#seen)) {
      throw failed('What it holds is older than the session.')
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
      this.#announce(operation, error, secretsOf(tokens))
      landing?.then(
        () => {
          if (this.#wanted !== tokens)
            void this.write(this.#wanted, name) // it landed over something newer
          else [this.#isWritten, this.#seen] = [true, tokens]
        },
        () => undefined, // announced already
      )
    }
  }

  async #limited<T>(operation: Operation, work: () => T | PromiseLike<T>): Promise<T> {
    const since = performance.now()
    const isHung = this.#hungSince !== undefined && since - this.#hungSince < HUNG_MS
    if (isHung && operation === 'get') throw failed('It still does not answer.')
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

  #announce(operation: Operation, error: unknown, secrets: readonly string[] = []): void {
    if (this.#failing.has(operation)) return
    this.#failing.add(operation)
    const message = `The token store's ${operation} failed; the session goes on in memory.`
    this.#onFailure(operation, failed(message, withoutSecrets(error, secrets)))
  }
}

/** Runs `run` once under the store's lock, and its result counts, however the lock itself ends. */
async function runOnce<T>(store: TokenStore, name: string, run: () => Promise<T>): Promise<T> {
  let running: Promise<T> | undefined
  let cause: unknown
  try {
    await store.lock?.(name, () => (running ??= run()))
  } catch (error) {
    cause = error
  }
  if (running) return running
  throw new LatchkeyError(
    'ERR_RENEWAL_UNAVAILABLE',
    'The token store could not be locked, so nothing was renewed. The session is kept; a later request tries again.',
    { cause },
  )
}

const failed = (message: string, cause?: unknown) =>
  new LatchkeyError('ERR_STORE_FAILED', message, cause === undefined ? {} : { cause })

const unreadable = (cause: unknown) =>
  new LatchkeyError(
    'ERR_RENEWAL_UNAVAILABLE',
    'The token store could not be read, so nothing was renewed: another process may have renewed already. The session is kept; a later request tries again.',
    { cause: withoutSecrets(cause, []) },
  )
