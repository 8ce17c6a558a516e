import { LatchkeyError, withoutSecrets } from '../errors.ts'
import type { ManagerEvents } from '../events.ts'
import { readTokenSet, sameTokens, secretsOf, type TokenSet } from '../token-set.ts'
import { withTimeLimit } from '../waiting.ts'
import type { TokenStore } from './token-store.ts'

/** How long one call of a store may take, in milliseconds, before the manager goes on without it. */
const STORE_LIMIT_MS = 3_000

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
 *   is left out. `removeToken` returns what it found.
 * - A call that hangs, throws or holds garbage is told once, until it works again.
 * - `getToken` throws where the contents are unknown. With `ERR_RENEWAL_UNAVAILABLE`, where another process may have
 *   spent the refresh token in the meantime, so that nothing may be renewed.
 * - `setToken` and `removeToken` never throw. A write that overran its time and lands later, over something newer, is
 *   put right.
 * - `lock` runs its work once, and the result of that counts, however the lock itself ends.
 */
export function carefulStore(store: TokenStore, onFailure: OnFailure): TokenStore {
  /** What has failed and not worked since. */
  const failing = new Set<Operation>()
  /** What the store was last known to hold. */
  let seen: TokenSet | undefined
  /** What it was last told to hold. */
  let wanted: TokenSet | undefined
  /** Whether the last write got through. If not, the store still holds the older value (`seen`): ignore it. */
  let isWritten = true
  let writing: Promise<unknown> = Promise.resolve()

  async function limited<T>(operation: Operation, work: () => T | PromiseLike<T>): Promise<T> {
    const late = () => failed(`No answer to ${operation} within ${STORE_LIMIT_MS} ms.`)
    const answer = await withTimeLimit((async () => work())(), STORE_LIMIT_MS, late)
    failing.delete(operation)
    return answer
  }

  function announce(operation: Operation, error: unknown, secrets: readonly string[] = []): void {
    if (failing.has(operation)) return
    failing.add(operation)
    const message = `The token store's ${operation} failed; the session goes on in memory.`
    onFailure(operation, failed(message, withoutSecrets(error, secrets)))
  }

  async function read(name: string): Promise<TokenSet | undefined> {
    let tokens: TokenSet | undefined
    try {
      tokens = await limited('get', async () => {
        const stored = await store.getToken(name)
        return stored === undefined || stored === null ? undefined : readTokenSet(stored)
      })
    } catch (error) {
      announce('get', error)
      const isGarbage = GARBAGE.has((error as { code?: unknown } | undefined)?.code)
      throw !isGarbage && isShared() ? unreadable(error) : failed('Its contents are unknown.')
    }
    // Ours was rotated and could not be stored: the store's is spent, and must not be presented again.
    if (!isWritten && sameTokens(tokens, seen))
      throw failed('What it holds is older than the session.')
    seen = tokens
    return tokens
  }

  /** Whether others may have spent the refresh token in use: it lies in a store that several share. */
  const isShared = () => store.lock !== undefined && isWritten && seen?.refreshToken !== undefined

  async function write(tokens: TokenSet | undefined, name: string): Promise<void> {
    const operation = tokens ? 'set' : 'remove'
    let landing: PromiseLike<unknown> | undefined
    try {
      await limited(operation, () => {
        landing = (async () => (tokens ? store.setToken(tokens, name) : store.removeToken(name)))()
        return landing
      })
      isWritten = true
      seen = tokens
    } catch (error) {
      isWritten = false
      announce(operation, error, secretsOf(tokens))
      landing?.then(
        () => {
          if (wanted !== tokens) void setToken(wanted, name) // it landed over something newer
        },
        () => undefined, // announced already
      )
    }
  }

  /** What a newer order has overtaken when its turn comes is not written. */
  function setToken(tokens: TokenSet | undefined, name: string): Promise<unknown> {
    wanted = tokens
    writing = writing.then(() => (wanted === tokens ? write(tokens, name) : undefined))
    return writing
  }

  /** @returns What was there, if that could be read. */
  function removeToken(name: string): Promise<unknown> {
    wanted = undefined
    const removing = writing.then(async () => {
      const found = await read(name).catch(() => undefined)
      if (wanted === undefined) await write(undefined, name)
      return found
    })
    writing = removing
    return removing
  }

  const { lock, subscribe } = store
  return {
    getToken: (name) => writing.then(() => read(name)), // what is being written is as good as written
    setToken,
    removeToken,
    ...(lock && {
      lock: <T>(name: string, run: () => Promise<T>) =>
        runOnce(run, (once) => lock.call(store, name, once) as Promise<T>),
    }),
    ...(subscribe && {
      subscribe(name, listener) {
        try {
          return subscribe.call(store, name, listener)
        } catch (error) {
          announce('subscribe', error)
          return () => undefined
        }
      },
    }),
  }
}

async function runOnce<T>(
  run: () => Promise<T>,
  lock: (run: () => Promise<T>) => Promise<T>,
): Promise<T> {
  let running: Promise<T> | undefined
  let cause: unknown
  try {
    await lock(() => (running ??= run()))
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
