import {
  escapePattern,
  type KeyScan,
  type RedisListener,
  type RedisListenerEvents,
  type RedisPort,
  SCAN_STEP,
} from './port.ts'

/** What the store needs of `new Redis()` or `new Cluster()` of the packages `ioredis` and `iovalkey`. */
export interface IoRedisClient {
  /** `'ready'` once commands are answered, `'end'` once it does not reconnect any more. */
  readonly status: string
  /** Sends one command. */
  call(command: string, ...args: string[]): Promise<unknown>
  /** Another connection with the same settings, for what is published. */
  duplicate(): IoRedisSubscriber
  /** Connects a client that was made with `lazyConnect`. */
  connect(): Promise<unknown>
  /** Tells when it was closed. */
  on(event: 'end', listener: () => void): unknown
  /** Tells no more. */
  off(event: 'end', listener: () => void): unknown
}

/** A second connection of `ioredis` or `iovalkey`, which hears what is published. */
export interface IoRedisSubscriber {
  on(event: 'error' | 'ready' | 'connect', listener: () => void): unknown
  on(event: 'message', listener: (channel: string) => void): unknown
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  disconnect(): void
}

/** What the types of clients and clusters do not have in common: a prefix of every key, a cluster's servers, settings. */
interface Details {
  readonly options?: { readonly keyPrefix?: string | undefined }
  nodes?(role: 'master'): IoRedisClient[]
  duplicate(settings: { autoResubscribe: boolean }): IoRedisSubscriber
}

/** Clients and clusters of the packages `ioredis` (5 or newer) and `iovalkey`. */
export function ioRedisPort(client: IoRedisClient): RedisPort {
  const { options, nodes } = client as unknown as Details
  // The client puts it before the keys of a script, but not before a pattern, nor before a channel.
  const keyPrefix = options?.keyPrefix ?? ''
  return {
    isOpen: () => client.status !== 'end',
    async runScript(script, key, values) {
      await becomeReady(client)
      // In small letters: iovalkey finds the key of no other, neither to prefix it nor to choose the server.
      return client.call('eval', script, '1', key, ...values)
    },
    async keyScans() {
      await becomeReady(client)
      const servers = nodes ? nodes.call(client, 'master') : [client]
      return servers.map((server) => scanOf(server, keyPrefix))
    },
    listen: (events) => beside(client, events),
  }
}

/** The client would put what it cannot send into a queue, and send it when the store has long given up. */
async function becomeReady(client: IoRedisClient): Promise<void> {
  if (client.status === 'wait') await client.connect()
  if (client.status !== 'ready') throw new Error(`The connection is not ready: ${client.status}.`)
}

function scanOf(server: IoRedisClient, keyPrefix: string): KeyScan {
  return async (cursor, pattern) => {
    const match = escapePattern(keyPrefix) + pattern
    const args = [cursor, 'MATCH', match, 'TYPE', 'hash', 'COUNT', String(SCAN_STEP)]
    const [next, keys] = (await server.call('scan', ...args)) as [unknown, unknown[]]
    return { cursor: String(next), keys: keys.map((key) => String(key).slice(keyPrefix.length)) }
  }
}

function beside(
  client: IoRedisClient,
  { onMessage, onReconnected, onEnd }: RedisListenerEvents,
): RedisListener {
  const { nodes, duplicate } = client as unknown as Details
  // A client that subscribes again by itself says too early that it is ready, and rejects unheard when it is closed then.
  const redis = nodes ? client.duplicate() : duplicate.call(client, { autoResubscribe: false })
  const channels = new Set<string>()
  redis.on('error', () => undefined) // it reconnects, and the client itself tells the user
  redis.on('connect', () => letGo(redis))
  redis.on('message', onMessage)
  redis.on('ready', () => {
    const again = [...channels].map((channel) => redis.subscribe(channel))
    void Promise.all(again).then(onReconnected, () => undefined)
  })
  const close = () => {
    client.off('end', end)
    redis.disconnect()
  }
  const end = () => {
    close()
    onEnd()
  }
  client.on('end', end)
  return {
    subscribe(channel: string) {
      channels.add(channel)
      return redis.subscribe(channel)
    },
    unsubscribe(channel: string) {
      channels.delete(channel)
      return redis.unsubscribe(channel)
    },
    close,
  }
}

/** A socket keeps the process alive unless told otherwise. A cluster's client has none to be told. */
function letGo(redis: IoRedisSubscriber): void {
  const { stream } = redis as { stream?: { unref?(): void } }
  stream?.unref?.()
}
