import { StoreError } from '../store-error.ts'
import { pause, runScript } from './connection.ts'
import type { RedisPort } from './port.ts'
import { EXTEND, LOCK, RELEASE } from './scripts.ts'

/** How long to wait for the lock, in milliseconds: longer than a lease and a renewal. */
const WAIT_LIMIT_MS = 25_000

/**
 * Between two looks at a lock that others hold, in milliseconds, for each one whose turn comes before: the next in turn looks
 * often, the last of a thousand rarely. At least once a second, or the place in the queue is lost.
 */
const LOOK_MS = 10
const SLOWEST_LOOK_MS = 1_000

/** A lock that this store holds. */
interface Holder {
  readonly owner: string
  /** Writes under it are refused once something with a greater one has been written. */
  fence: number
  /** Writes that are not through yet; the lock is kept for them. */
  writes: Set<Promise<unknown>>
}

export interface Locks {
  port: RedisPort
  leaseMs: number
  /** How long Redis remembers the fence, in milliseconds. */
  keepMs: number
  /** By key: at most one, since this store's own callers queue. */
  holders: Map<string, Holder>
  queues: Map<string, Promise<void>>
}

/**
 * Runs `run` while this store holds the lock of `key`. Its result does not wait for the lock to be
 * given back, nor for writes that Redis has not taken yet.
 *
 * @param signal Ends the waiting, and frees the place in the queue.
 * @throws {StoreError} `ERR_STORE_LOCKED` when others held it all the time, `ERR_STORE_UNAVAILABLE`.
 */
export async function withLock<T>(
  locks: Locks,
  key: string,
  run: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const giveUpAt = performance.now() + WAIT_LIMIT_MS
  const leave = await queueUp(locks.queues, key, giveUpAt)
  let holder: Holder
  try {
    holder = await acquire(locks, key, giveUpAt, signal)
  } catch (error) {
    leave()
    throw error
  }
  locks.holders.set(key, holder)
  const stopExtending = extendLease(locks, key, holder)
  try {
    return await run()
  } finally {
    void Promise.allSettled(holder.writes).then(async () => {
      locks.holders.delete(key)
      stopExtending()
      // If Redis cannot be told, the lease ends the lock.
      await runScript(locks.port, RELEASE, key, [holder.owner, '']).catch(() => undefined)
      leave()
    })
  }
}

/** Waits until earlier callers of this store are done. Returns a function that lets the next one in. */
async function queueUp(queues: Locks['queues'], key: string, giveUpAt: number) {
  const before = queues.get(key) ?? Promise.resolve()
  const { promise: left, resolve: leave } = Promise.withResolvers<void>()
  const mine = before.then(() => left)
  queues.set(key, mine)
  void mine.then(() => queues.get(key) === mine && queues.delete(key))
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    leave()
    reject(locked())
  }, giveUpAt - performance.now())
  try {
    await Promise.race([before, late])
  } finally {
    clearTimeout(timer)
  }
  return leave
}

/** Waits until it is our turn, in the order in which those who wait have come. */
async function acquire(
  { port, leaseMs, keepMs }: Locks,
  key: string,
  giveUpAt: number,
  signal: AbortSignal | undefined,
) {
  const owner = crypto.randomUUID()
  let place: unknown = ''
  try {
    for (;;) {
      if (signal?.aborted) throw signal.reason
      const answer = await runScript(port, LOCK, key, [owner, leaseMs, keepMs, String(place)])
      const [fence, number, before] = (answer as unknown[]).map(Number) // some clients give texts
      if (fence) return { owner, fence, writes: new Set<Promise<unknown>>() }
      place = number
      const shareMs = LOOK_MS * (1 + (before ?? 0)) * (0.75 + Math.random() / 2)
      const waitMs = Math.min(shareMs, SLOWEST_LOOK_MS)
      if (performance.now() + waitMs > giveUpAt) throw locked()
      await pause(waitMs)
    }
  } catch (error) {
    // Gives up the place; and a server that hangs may grant the lock yet, which what follows on the same connection takes back.
    runScript(port, RELEASE, key, [owner, String(place)]).catch(() => undefined)
    throw error
  }
}

/** Extends the lease until stopped. A lost one aborts nothing: the fence judges what is written. */
function extendLease({ port, leaseMs }: Locks, key: string, { owner }: Holder): () => void {
  const timer: unknown = setInterval(() => {
    runScript(port, EXTEND, key, [owner, leaseMs]).catch(() => undefined) // the next one may
  }, leaseMs / 3)
  unref(timer)
  return () => clearInterval(timer as number)
}

/** Node's timers keep a process alive unless told otherwise. */
function unref(timer: unknown): void {
  ;(timer as { unref?(): void }).unref?.()
}

const locked = () =>
  new StoreError(
    'ERR_STORE_LOCKED',
    `Others held the session's lock for ${WAIT_LIMIT_MS} ms. Nothing is lost; try again.`,
  )
