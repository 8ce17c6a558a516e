import { LatchkeyError, withoutSecrets } from './errors.ts'
import type { ManagerEvents } from './events.ts'
import { readTokenSet, type TokenSet } from './token-set.ts'
import type { TokenStore } from './token-store.ts'
import { withTimeLimit } from './waiting.ts'

/** How long one call of a store may take, in milliseconds, before the manager goes on without it. */
const STORE_LIMIT_MS = 3_000

type Operation = ManagerEvents['storeFailed']['operation']

/** What a read gave. `failed`: nobody knows what the store holds, so nothing follows from it. */
export interface StoredTokens {
  tokens?: TokenSet
  failed?: true
}

/**
 * A manager's own view of its store: reads are distrustful, writes go one after the other, nothing
 * throws and nothing hangs.
 *
 * A write asks `current()` when its turn comes, so that what was overtaken (by a sign-out, by another
 * user) is never written. One that overran its time and lands late is put right by `repair()`.
 */
export function createSessionStore(
  store: TokenStore,
  name: string,
  onFailure: (operation: Operation, error: LatchkeyError) => void,
) {
  let queue: Promise<unknown> = Promise.resolve()
  /** Whether the last write got through; if not, what the store lacks is no news. */
  let written = true

  const failure = (operation: Operation, error: unknown, secrets: string[]) =>
    onFailure(
      operation,
      new LatchkeyError(
        'ERR_STORE_FAILED',
        `The token store's ${operation} failed; the session goes on in memory.`,
        {
          cause: withoutSecrets(error, secrets),
        },
      ),
    )

  const tooLate = (operation: Operation) =>
    new LatchkeyError('ERR_STORE_FAILED', `No answer to ${operation} within ${STORE_LIMIT_MS} ms.`)

  const limited = <T>(operation: Operation, work: Promise<T>) =>
    withTimeLimit(work, STORE_LIMIT_MS, () => tooLate(operation))

  async function read(): Promise<StoredTokens> {
    try {
      const stored = await limited(
        'get',
        call(() => store.getToken(name)),
      )
      if (stored !== undefined && stored !== null) return { tokens: readTokenSet(stored) }
      return written ? {} : { failed: true }
    } catch (error) {
      failure('get', error, [])
      return { failed: true }
    }
  }

  function write(tokens: TokenSet | undefined, current: () => boolean, repair: () => void) {
    const operation = tokens ? 'set' : 'remove'
    const turn = queue.then(async () => {
      if (!current()) return
      const work = call(() => (tokens ? store.setToken(tokens, name) : store.removeToken(name)))
      try {
        await limited(operation, work)
        written = true
      } catch (error) {
        written = false
        failure(operation, error, tokens ? secretsOf(tokens) : [])
        work.then(
          () => current() || repair(),
          () => undefined,
        ) // its failure is already reported
      }
    })
    queue = turn
    return turn
  }

  return {
    read,
    write,
    /** Runs `run` under the store's own lock, where it has one. */
    lock: <T>(run: () => Promise<T>): Promise<T> => (store.lock ? store.lock(name, run) : run()),
    subscribe: (listener: () => void): (() => void) | undefined =>
      store.subscribe?.(name, listener),
  }
}

/** A sync throw as a rejection. */
const call = async <T>(work: () => T): Promise<Awaited<T>> => await work()

export const secretsOf = (tokens: TokenSet | undefined): string[] =>
  [tokens?.accessToken, tokens?.refreshToken].filter((secret) => secret !== undefined)

export type SessionStore = ReturnType<typeof createSessionStore>
