import { LatchkeyError, withoutSecrets } from '../errors.ts'
import type { ManagerEvents } from '../events.ts'
import { readTokenSet, sameTokens, secretsOf, type TokenSet } from '../token-set.ts'
import type { TokenStore } from '../store/token-store.ts'
import { withTimeLimit } from '../waiting.ts'

/** How long one call of a store may take, in milliseconds, before the manager goes on without it. */
const STORE_LIMIT_MS = 3_000

type Operation = ManagerEvents['storeFailed']['operation']

/**
 * What a read gave. `failed`: nobody knows what the store holds, so nothing follows from it. `unread`: why
 * it could not even be read, so that somebody else's newer session may lie there.
 */
export interface StoredTokens {
  tokens?: TokenSet
  failed?: true
  unread?: unknown
}

/** A manager's own view of its store: distrustful reads, writes one after the other, no hanging. */
export interface SessionStore {
  store: TokenStore
  name: string
  onFailure(operation: Operation, error: LatchkeyError): void
  queue: Promise<unknown>
  /** Whether the last write got through. If not, what the store still holds (`seen`) is no news. */
  written: boolean
  /** What the store was last known to hold. */
  seen: TokenSet | undefined
  /** What has failed and not worked since: announced once. */
  failing: Set<Operation>
}

export function createSessionStore(
  store: TokenStore,
  name: string,
  onFailure: SessionStore['onFailure'],
): SessionStore {
  const queue = Promise.resolve()
  return { store, name, onFailure, queue, written: true, seen: undefined, failing: new Set() }
}

/** What the store holds. Never throws: garbage and failures are announced and count as unknown. */
export async function readStore(own: SessionStore): Promise<StoredTokens> {
  await own.queue // what we are writing is as good as written
  try {
    const stored = await limited(
      'get',
      call(() => own.store.getToken(own.name)),
    )
    const isNone = stored === undefined || stored === null
    const tokens = isNone ? undefined : readTokenSet(stored)
    own.failing.delete('get')
    // Ours was rotated and could not be stored: the store's is spent, and must not be presented again.
    if (!own.written && sameTokens(tokens, own.seen)) return { failed: true }
    own.seen = tokens
    return tokens ? { tokens } : {}
  } catch (error) {
    announce(own, 'get', error, [])
    return GARBAGE.has((error as { code?: unknown }).code)
      ? { failed: true }
      : { failed: true, unread: withoutSecrets(error, []) }
  }
}

/** The same, before anything is written that is asked for from now on. */
export function readBeforeWriting(own: SessionStore): Promise<StoredTokens> {
  const reading = readStore(own)
  own.queue = reading
  return reading
}

/** Codes of what was read, and is no session. */
const GARBAGE = new Set<unknown>(['ERR_UNUSABLE_TOKEN', 'ERR_STORE_GARBAGE', 'ERR_STORE_NEWER'])

/** Whether others may have spent the refresh token of `tokens`: it lies in a store that several share. */
export function isShared(own: SessionStore, tokens: TokenSet | undefined): boolean {
  if (!tokens?.refreshToken || !own.store.lock) return false
  return own.written && sameTokens(tokens, own.seen)
}

/**
 * Writes `tokens`, or removes what is there. Never throws.
 *
 * `isCurrent` is asked when its turn comes, so that what was overtaken (by a sign-out, by another user)
 * is never written. A write that overran its time and lands late all the same is put right by `repair`.
 */
export function writeStore(
  own: SessionStore,
  tokens: TokenSet | undefined,
  isCurrent: () => boolean,
  repair: () => void,
): Promise<void> {
  const { store, name } = own
  const operation = tokens ? 'set' : 'remove'
  const turn = own.queue.then(async () => {
    if (!isCurrent()) return
    const work = call(() => (tokens ? store.setToken(tokens, name) : store.removeToken(name)))
    try {
      await limited(operation, work)
      own.written = true
      own.seen = tokens
      own.failing.delete(operation)
    } catch (error) {
      own.written = false
      announce(own, operation, error, secretsOf(tokens))
      work.then(
        () => isCurrent() || repair(),
        () => undefined, // announced already
      )
    }
  })
  own.queue = turn
  return turn
}

/** Calls `listener` when somebody else changes the store, where it can tell. Gives how to stop. */
export function followStore(own: SessionStore, listener: () => void): () => void {
  try {
    return own.store.subscribe?.(own.name, listener) ?? (() => undefined)
  } catch (error) {
    announce(own, 'subscribe', error, [])
    return () => undefined
  }
}

/**
 * Runs `run` under the store's own lock, where it has one. What it gives counts, however the lock ends.
 *
 * @throws {LatchkeyError} `ERR_RENEWAL_UNAVAILABLE` when the store does not grant the lock.
 */
export async function lockStore<T>(
  { store, name }: SessionStore,
  run: () => Promise<T>,
): Promise<T> {
  if (!store.lock) return run()
  let running: Promise<T> | undefined
  let cause: unknown
  try {
    await store.lock(name, () => (running ??= run()))
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

function limited<T>(operation: Operation, work: Promise<T>): Promise<T> {
  const late = () => failed(`No answer to ${operation} within ${STORE_LIMIT_MS} ms.`)
  return withTimeLimit(work, STORE_LIMIT_MS, late)
}

/** A sync throw as a rejection. */
const call = async <T>(work: () => T): Promise<Awaited<T>> => await work()

function announce(own: SessionStore, operation: Operation, error: unknown, secrets: string[]) {
  if (own.failing.has(operation)) return
  own.failing.add(operation)
  const message = `The token store's ${operation} failed; the session goes on in memory.`
  own.onFailure(operation, failed(message, withoutSecrets(error, secrets)))
}

const failed = (message: string, cause?: unknown) =>
  new LatchkeyError('ERR_STORE_FAILED', message, cause === undefined ? {} : { cause })
