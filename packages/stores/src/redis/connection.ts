import { StoreError, type StoreErrorCode } from '../store-error.ts'
import { type IoRedisClient, ioRedisPort } from './ioredis.ts'
import { nodeRedisPort, type RedisClient, type RedisCluster } from './node-redis.ts'
import type { RedisPort } from './port.ts'

/** How long one call may take, in milliseconds: long enough for a quick restart of Redis. */
export const CALL_LIMIT_MS = 2_000

/** Between two attempts, in milliseconds. The client itself paces its reconnecting. */
const RETRY_MS = 50

/** A client that the store recognises, or a port around another. */
export type AnyRedis<Node = never> = RedisClient | RedisCluster<Node> | IoRedisClient | RedisPort

/** The port of a client, which is recognised by its methods. */
export function portOf(client: AnyRedis): RedisPort {
  const has = (method: string) =>
    typeof (client as unknown as Record<string, unknown> | null | undefined)?.[method] ===
    'function'
  if (has('runScript') && has('listen')) return client as RedisPort
  if (has('withCommandOptions')) return nodeRedisPort(client as RedisClient | RedisCluster)
  if (has('call') && has('duplicate')) return ioRedisPort(client as IoRedisClient)
  throw new StoreError(
    'ERR_INVALID_OPTION',
    '`client` is not a known client: use createClient() or createCluster() of `redis` 5 or newer, `new Redis()` or `new Cluster()` of `ioredis` or `iovalkey`, or write a `RedisPort` for another library.',
  )
}

/**
 * Runs a script on one key. While Redis cannot be reached it is tried again until `patienceMs` have
 * passed; every script may run twice.
 *
 * @throws {StoreError} `ERR_STORE_UNAVAILABLE`, or by what Redis answered `ERR_STORE_DENIED`,
 *   `ERR_STORE_FULL`, `ERR_STORE_GARBAGE`.
 */
export async function runScript(
  port: RedisPort,
  script: string,
  key: string,
  values: readonly (string | number)[] = [],
  patienceMs: number = CALL_LIMIT_MS,
): Promise<unknown> {
  const texts = values.map(String)
  return patiently(port, patienceMs, (signal) => port.runScript(script, key, texts, signal))
}

/** Does `work`, again and again while Redis cannot be reached, as `runScript` does. */
export async function patiently<T>(
  port: RedisPort,
  patienceMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const { signal } = controller
  const { promise: late, reject } = Promise.withResolvers<never>()
  late.catch(() => undefined) // may be over before it comes
  const giveUp = () => {
    controller.abort()
    reject(new Error(`No answer within ${patienceMs} ms.`))
  }
  // A process that got no turn for so long reads first what has arrived meanwhile: timers run before that.
  let timer = setTimeout(() => (timer = setTimeout(giveUp)), patienceMs)
  let cause: unknown
  try {
    while (port.isOpen() && !signal.aborted) {
      try {
        return await Promise.race([work(signal), late])
      } catch (error) {
        const decided = answered(error)
        if (decided) throw decided
        if (cause === undefined || !signal.aborted) cause = error // not its own end, if there is more
        await pause(RETRY_MS)
      }
    }
  } finally {
    clearTimeout(timer)
  }
  throw unavailable(port.isOpen(), cause)
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Redis's answers by their first word. What is not listed may pass: loading, failing over, busy. */
const ANSWERS = new Map<string, readonly [StoreErrorCode, string]>([
  [
    'WRONGTYPE',
    [
      'ERR_STORE_GARBAGE',
      'The key in Redis holds something else than a session. It was left as it is: use another prefix, or remove it.',
    ],
  ],
  ['OOM', ['ERR_STORE_FULL', 'Redis is out of memory; nothing was written.']],
  ['NOAUTH', ['ERR_STORE_DENIED', 'Redis wants a password.']],
  [
    'NOPERM',
    [
      'ERR_STORE_DENIED',
      "The Redis user may not do this. It needs EVAL, the scripts' commands, SCAN and SUBSCRIBE, on the prefix's keys and channels.",
    ],
  ],
  [
    'ERR',
    [
      'ERR_STORE_UNAVAILABLE',
      'Redis could not do what it was asked; the cause says why. It must be version 6 or newer.',
    ],
  ],
])

function answered(cause: unknown): StoreError | undefined {
  const text = cause instanceof Error ? cause.message : ''
  // Redis 6 puts words of its own before what a script was answered.
  const [, word = ''] = /^(?:ERR Error running script .*: -)?([A-Z]+) /.exec(text) ?? []
  const [code, message] = ANSWERS.get(word) ?? []
  return code && message ? new StoreError(code, message, { cause }) : undefined
}

const unavailable = (isOpen: boolean, cause: unknown) =>
  new StoreError(
    'ERR_STORE_UNAVAILABLE',
    isOpen
      ? 'Redis did not answer in time. Nothing is lost; try again.'
      : 'The Redis client is not connected: call its connect() before the store is used.',
    cause === undefined ? {} : { cause },
  )
