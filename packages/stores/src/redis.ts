/**
 * Sessions in Redis or Valkey, for fleets. Peer: one of redis >= 5, ioredis >= 5, iovalkey.
 *
 * @module
 */

import type { TokenSet, TokenStore } from '@latchkey/core'
import { decodeEntry, encodeEntry, refuseNewer } from './entry.ts'
import { expectKnown, type OptionNames } from './option-names.ts'
import { type Changes, channelOf, followKey } from './redis/changes.ts'
import { type AnyRedis, CALL_LIMIT_MS, portOf, runScript } from './redis/connection.ts'
import { type Locks, withLock } from './redis/lock.ts'
import { keyOf, listNames } from './redis/names.ts'
import type { RedisPort } from './redis/port.ts'
import { READ, REMOVE, WRITE } from './redis/scripts.ts'
import { StoreError } from './store-error.ts'

export type { IoRedisClient, IoRedisSubscriber } from './redis/ioredis.ts'
export type { RedisClient, RedisCluster, RedisNode, RedisSubscriber } from './redis/node-redis.ts'
export type { KeyScan, RedisListener, RedisListenerEvents, RedisPort } from './redis/port.ts'
export { StoreError, type StoreErrorCode } from './store-error.ts'

/** Keys of sessions, and lifetimes of sessions and locks. */
export interface RedisStoreOptions {
  /**
   * Start of every key. Default `'latchkey:'`. Two applications on one Redis need different ones, and neither may be
   * the start of the other.
   */
  prefix?: string
  /**
   * For how long after its last write a session is kept whose own end is unknown, in milliseconds.
   * A day to ten years, default 90 days. One that says when its refresh token expires is kept until
   * then, and for a day at least: for so long Redis has to know which write was the last.
   */
  maxAgeMs?: number
  /**
   * How long a lock outlives a holder that was killed, in milliseconds: 1,000 to 60,000, default
   * 10,000. It is extended while the renewal runs, so a slow one does not lose it. Also for how long a
   * renewed session is offered to a Redis that went away in the middle of the renewal.
   */
  leaseMs?: number
}

const KNOWN: OptionNames<RedisStoreOptions> = { prefix: true, maxAgeMs: true, leaseMs: true }

/** A day: for how long Redis remembers a sign-out, and any fence. No late writer is later. */
const KEEP_MS = 86_400_000

/** No key is kept for longer, whatever a session says. */
const LONGEST_MS = 3650 * KEEP_MS

/**
 * Sessions in Redis or Valkey, for fleets: one session and one renewal across processes and machines.
 *
 * `client` is yours: from `createClient()` or `createCluster()` of the package `redis`, or a `Redis` or
 * `Cluster` of `ioredis` or `iovalkey`. You connect it before the store is used, listen to its errors, and
 * close it. The store then ends what it opened (a second connection, once a manager subscribes), and holds
 * no process open by itself. For another library write a `RedisPort`.
 *
 * A renewal excludes the others by a lock with a lease. Those who wait for it get it in the order they
 * came; one that was killed while it waited holds up the others for two seconds at most. A holder that was stopped for longer than its
 * lease is not told, but its late write is refused (`ERR_STORE_OVERTAKEN`) once something newer has
 * been written, and a sign-out stays a sign-out. A sign-in, or a write outside a lock, always wins.
 * Use one store per process, or one per manager: for a store, whoever writes while it holds the lock is
 * the holder.
 *
 * While Redis cannot be reached, each call tries for two seconds and then throws
 * `ERR_STORE_UNAVAILABLE`; only a write under the lock goes on trying for `leaseMs`, since what it
 * would store is the only copy. No call hangs. Let Redis persist (`appendonly yes`): one that restarts
 * empty has forgotten every session, and one that fails over to a replica the last moments.
 *
 * Tokens lie in Redis as plain text: whoever reads the database has the sessions.
 *
 * @throws {StoreError} `ERR_INVALID_OPTION` at once; later a rejection with `ERR_STORE_UNAVAILABLE`,
 *   `ERR_STORE_LOCKED`, `ERR_STORE_OVERTAKEN`, `ERR_STORE_DENIED`, `ERR_STORE_FULL`,
 *   `ERR_STORE_GARBAGE` or `ERR_STORE_NEWER`.
 */
export function redisStore<Node = never>(
  client: AnyRedis<Node>,
  options: RedisStoreOptions = {},
): Required<Omit<TokenStore, 'renewAheadMs' | 'canWrite'>> {
  expectKnown(options, KNOWN)
  const { prefix = 'latchkey:', maxAgeMs = 90 * KEEP_MS, leaseMs = 10_000 } = options
  const port = portOf(client as AnyRedis) // what a cluster's nodes are is its own affair
  if (typeof prefix !== 'string') throw invalid('`prefix` must be a string.')
  checkDuration('maxAgeMs', maxAgeMs, KEEP_MS, LONGEST_MS)
  checkDuration('leaseMs', leaseMs, 1_000, 60_000)
  const changes: Changes = { port, connection: undefined }
  const locks: Locks = {
    port,
    leaseMs,
    keepMs: KEEP_MS,
    holders: new Map(),
    queues: new Map(),
  }
  const keyed = (name: string) => keyOf(prefix, name)
  return {
    async getToken(name) {
      const text = await readText(port, keyed(name))
      return text === undefined ? undefined : decodeEntry(text).tokens
    },
    setToken(tokens, name) {
      const key = keyed(name)
      const lifeMs = Math.max(KEEP_MS, lifeOf(tokens, maxAgeMs))
      const values = [KEEP_MS, lifeMs, channelOf(key), CHANGED, encodeEntry(tokens)]
      const holder = locks.holders.get(key)
      if (!holder) return write(port, key, ['', ...values], CALL_LIMIT_MS)
      const work = write(port, key, [holder.fence, ...values], leaseMs)
      holder.writes.add(work)
      return work.finally(() => holder.writes.delete(work))
    },
    async removeToken(name) {
      const key = keyed(name)
      const values = [KEEP_MS, channelOf(key), CHANGED]
      const fence = await runScript(port, REMOVE, key, values)
      const holder = locks.holders.get(key)
      if (holder) holder.fence = Number(fence) // a sign-in that follows is not a late write
    },
    lock: (name, run, signal) => withLock(locks, keyed(name), run, signal),
    subscribe: (name, listener) => followKey(changes, keyed(name), listener),
    names: () => listNames(port, prefix),
  }
}

/** What is published. */
const CHANGED = 'changed'

async function readText(port: RedisPort, key: string, patienceMs?: number) {
  const text = await runScript(port, READ, key, [], patienceMs)
  return typeof text === 'string' ? text : undefined
}

async function write(
  port: RedisPort,
  key: string,
  values: (string | number)[],
  patienceMs: number,
): Promise<void> {
  refuseNewer(await readText(port, key, patienceMs))
  if (Number(await runScript(port, WRITE, key, values, patienceMs)) === 1) return
  throw new StoreError(
    'ERR_STORE_OVERTAKEN',
    'The lock expired during this renewal, and the stored session has changed since. The renewed tokens were not stored.',
  )
}

/** How long a session is of use, in milliseconds from now. */
function lifeOf({ expiresAt, refreshExpiresAt }: TokenSet, maxAgeMs: number): number {
  if (refreshExpiresAt === undefined) return Math.ceil(maxAgeMs) // Redis takes whole ones
  const lifeMs = Math.max(refreshExpiresAt, expiresAt ?? 0) - Date.now()
  return Math.min(Math.ceil(lifeMs), LONGEST_MS)
}

function checkDuration(name: string, ms: number, least: number, most: number): void {
  if (Number.isFinite(ms) && ms >= least && ms <= most) return
  throw invalid(`\`${name}\` must be from ${least} to ${most} milliseconds.`)
}

const invalid = (message: string) => new StoreError('ERR_INVALID_OPTION', message)
