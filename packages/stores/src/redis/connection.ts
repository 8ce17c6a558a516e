import { StoreError, type StoreErrorCode } from '../store-error.ts'

/** How long one call may take, in milliseconds: long enough for a quick restart of Redis. */
export const CALL_LIMIT_MS = 2_000

/** Between two attempts, in milliseconds. The client itself paces its reconnecting. */
const RETRY_MS = 50

/** What is asked of every connection. */
interface Commands {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

interface Connection {
  /** Whether it is connected, or connecting again. */
  readonly isOpen: boolean
  /** The same connection, with calls that end when `abortSignal` does. */
  withCommandOptions(options: { abortSignal: AbortSignal }): Commands
}

/** A connection to one server, on which its keys can be listed. */
export interface RedisNode {
  /** One page of the keys that match. */
  scan(cursor: string, options: { MATCH: string; TYPE: string; COUNT: number }): Promise<KeysPage>
}

interface KeysPage {
  cursor: unknown
  keys: unknown[]
}

/** A connection that hears what is published. */
export interface RedisListener {
  readonly isOpen: boolean
  on(event: 'error' | 'ready', listener: () => void): unknown
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (message: unknown) => void): Promise<unknown>
  unref(): void
  destroy(): void
}

/** What the store needs of `createClient()` of the package `redis`. */
export interface RedisClient extends Connection, RedisNode {
  /** Tells when it was closed. */
  on(event: 'end', listener: () => void): unknown
  /** Tells no more. */
  off(event: 'end', listener: () => void): unknown
  /** Another connection with the same settings, for what is published. */
  duplicate(): RedisListener
}

/** What the store needs of `createCluster()` of the package `redis`. */
export interface RedisCluster<Node = never> extends Connection {
  /** The servers that hold keys. */
  readonly masters: readonly Node[]
  /** A connection to one of them. */
  nodeClient(node: Node): Promise<RedisNode>
  /** Hears what is published on a channel. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  /** Hears no more. */
  unsubscribe(channel: string, listener: (message: unknown) => void): Promise<unknown>
}

export type AnyRedis = RedisClient | RedisCluster

/**
 * Runs a script on one key. While Redis cannot be reached it is tried again until `patienceMs` have
 * passed; every script may run twice.
 *
 * @throws {StoreError} `ERR_STORE_UNAVAILABLE`, or by what Redis answered `ERR_STORE_DENIED`,
 *   `ERR_STORE_FULL`, `ERR_STORE_GARBAGE`.
 */
export async function runScript(
  client: Connection,
  script: string,
  key: string,
  values: readonly (string | number)[] = [],
  patienceMs: number = CALL_LIMIT_MS,
): Promise<unknown> {
  const options = { keys: [key], arguments: values.map(String) }
  return patiently(client, patienceMs, (abortSignal) =>
    client.withCommandOptions({ abortSignal }).eval(script, options),
  )
}

/** Does `work`, again and again while Redis cannot be reached, as `runScript` does. */
export async function patiently<T>(
  client: Connection,
  patienceMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // Takes back what the client holds in its queue. What it has sent to a server that hangs, it cannot.
  const controller = new AbortController()
  const { signal } = controller
  const { promise: late, reject } = Promise.withResolvers<never>()
  late.catch(() => undefined) // may be over before it comes
  const timer = setTimeout(() => {
    controller.abort()
    reject(new Error(`No answer within ${patienceMs} ms.`))
  }, patienceMs)
  let cause: unknown
  try {
    while (client.isOpen && !signal.aborted) {
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
  throw unavailable(client.isOpen, cause)
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
  const [, word = ''] = /^([A-Z]+) /.exec(cause instanceof Error ? cause.message : '') ?? []
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
