import {
  type KeyScan,
  type RedisListener,
  type RedisListenerEvents,
  type RedisPort,
  SCAN_STEP,
} from './port.ts'

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

/** A second connection of the package `redis`, which hears what is published. */
export interface RedisSubscriber {
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
  duplicate(): RedisSubscriber
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

/** Clients and clusters of the package `redis`, 5 or newer. */
export function nodeRedisPort(client: RedisClient | RedisCluster): RedisPort {
  return {
    isOpen: () => client.isOpen,
    runScript: (script, key, values, abortSignal) =>
      client
        .withCommandOptions({ abortSignal }) // takes back what the client holds in its queue
        .eval(script, { keys: [key], arguments: [...values] }),
    async keyScans() {
      if (!('masters' in client)) return [scanOf(client)]
      const nodes = client.masters.map(async (node) => scanOf(await client.nodeClient(node)))
      return Promise.all(nodes)
    },
    listen: (events) => ('masters' in client ? onCluster(client, events) : beside(client, events)),
  }
}

function scanOf(node: RedisNode): KeyScan {
  return async (cursor, MATCH) => {
    const page = await node.scan(cursor, { MATCH, TYPE: 'hash', COUNT: SCAN_STEP })
    return { cursor: String(page.cursor), keys: page.keys.map(String) }
  }
}

/** A cluster's client listens by itself, on a connection of its own. */
function onCluster(client: RedisCluster, { onMessage }: RedisListenerEvents): RedisListener {
  const hear = (_: unknown, channel?: unknown) => onMessage(String(channel))
  return {
    subscribe: (channel) => client.subscribe(channel, hear),
    unsubscribe: (channel) => client.unsubscribe(channel, hear),
    close: () => undefined,
  }
}

function beside(
  client: RedisClient,
  { onMessage, onReconnected, onEnd }: RedisListenerEvents,
): RedisListener {
  const redis = client.duplicate()
  redis.on('error', () => undefined) // it reconnects, and the client itself tells the user
  redis.unref()
  redis.on('ready', onReconnected)
  const ready = redis.connect()
  ready.catch(() => undefined) // fails only when the client is closed
  const close = () => {
    client.off('end', end)
    if (redis.isOpen) redis.destroy()
  }
  const end = () => {
    close()
    onEnd()
  }
  client.on('end', end)
  const hear = (_: unknown, channel?: unknown) => onMessage(String(channel))
  return {
    subscribe: (channel) => ready.then(() => redis.subscribe(channel, hear)),
    unsubscribe: (channel) => ready.then(() => redis.unsubscribe(channel, hear)),
    close,
  }
}
