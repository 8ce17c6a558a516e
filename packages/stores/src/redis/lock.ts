import { StoreError } from '../store-error.ts'
import { type AnyRedis, pause, runScript } from './connection.ts'
import { EXTEND, LOCK, RELEASE } from './scripts.ts'

/** How long to wait for the lock, in milliseconds: longer than a lease and a renewal. */
const WAIT_LIMIT_MS = 25_000

/** Between two looks at a lock that somebody holds, in milliseconds. */
const FIRST_LOOK_MS = 15
const SLOWEST_LOOK_MS = 200

/** A lock that this store holds. */
interface Holder {
  readonly owner: string
  /** Writes under it are refused once something with a greater one has been written. */
  fence: number
  /** Writes that are not through yet; the lock is kept for them. */
  writes: Set<Promise<unknown>>
}

export interface Locks {
  client: AnyRedis
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
 * @throws {StoreError} `ERR_STORE_LOCKED` when others held it all the time, `ERR_STORE_UNAVAILABLE`.
 */
export async function withLock<T>(locks: Locks, key: string, run: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + WAIT_LIMIT_MS
  const leave = await queueUp(locks.queues, key, giveUpAt)
  let holder: Holder
  try {
    holder = await acquire(locks, key, giveUpAt)
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
      await runScript(locks.client, RELEASE, key, [holder.owner]).catch(() => undefined)
      leave()
    })
  }
}

/** Waits until nobody of this store's own is before us. Gives how to let the next one in. */
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

async function acquire({ client, leaseMs, keepMs }: Locks, key: string, giveUpAt: number) {
  const owner = crypto.randomUUID()
  let lookMs = FIRST_LOOK_MS
  for (;;) {
    const fence = await runScript(client, LOCK, key, [owner, leaseMs, keepMs]).catch((error) => {
      // A server that hangs may grant it yet; what follows on the same connection takes it back.
      runScript(client, RELEASE, key, [owner]).catch(() => undefined)
      throw error
    })
    if (fence !== 0) return { owner, fence: Number(fence), writes: new Set<Promise<unknown>>() }
    const waitMs = lookMs * (0.5 + Math.random()) // so that a fleet does not knock in step
    if (performance.now() + waitMs > giveUpAt) throw locked()
    await pause(waitMs)
    lookMs = Math.min(lookMs * 1.5, SLOWEST_LOOK_MS)
  }
}

/** Extends the lease until stopped. A lost one aborts nothing: the fence judges what is written. */
function extendLease({ client, leaseMs }: Locks, key: string, { owner }: Holder): () => void {
  const timer: unknown = setInterval(() => {
    runScript(client, EXTEND, key, [owner, leaseMs]).catch(() => undefined) // the next one may
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
