import { type AnyRedis, type RedisListener, runScript } from './connection.ts'
import { FENCE } from './scripts.ts'

/** What hears of changes: one connection beside the client's, made when somebody first listens. */
export interface Changes {
  client: AnyRedis
  connection: Listening | undefined
}

interface Listening {
  redis: Pick<RedisListener, 'subscribe' | 'unsubscribe'>
  ready: Promise<unknown>
  /** What to do after a time in which nothing could be heard. */
  catchUps: Set<() => void>
  end(): void
}

/** Where a write of `key` is told. The message says nothing, and so never a token. */
export const channelOf = (key: string): string => `${key}:changed`

/**
 * Calls `listener` when `key` was written, also if that was while nothing could be heard. By this very store as well:
 * several managers may share it.
 */
export function followKey(changes: Changes, key: string, listener: () => void): () => void {
  const connection = (changes.connection ??= connect(changes))
  const { redis, ready, catchUps, end } = connection
  const channel = channelOf(key)
  const fence = () => runScript(changes.client, FENCE, key)
  let known = fence()
  const hear = () => listener()
  const catchUp = () => {
    const before = known
    known = fence()
    void Promise.all([before, known]).then(
      ([old, now]) => now !== old && catchUps.has(catchUp) && listener(),
      () => undefined, // unreachable again: there will be another reconnection
    )
  }
  known.catch(() => undefined)
  catchUps.add(catchUp)
  const subscribed = ready.then(() => redis.subscribe(channel, hear))
  subscribed.then(catchUp, () => undefined) // fails only when the client is closed
  return () => {
    catchUps.delete(catchUp)
    subscribed.then(() => redis.unsubscribe(channel, hear)).catch(() => undefined)
    if (catchUps.size > 0) return
    end()
    if (changes.connection === connection) changes.connection = undefined
  }
}

function connect(changes: Changes): Listening {
  const { client } = changes
  const catchUps = new Set<() => void>()
  // A cluster's client listens by itself, on a connection of its own.
  if ('masters' in client) {
    return { redis: client, ready: Promise.resolve(), catchUps, end: () => undefined }
  }
  const redis = client.duplicate()
  redis.on('error', () => undefined) // it reconnects, and the client itself tells the user
  redis.unref()
  redis.on('ready', () => {
    for (const catchUp of catchUps) catchUp()
  })
  const ready = redis.connect()
  const end = () => {
    client.off('end', onEnd)
    if (redis.isOpen) redis.destroy()
  }
  const onEnd = () => {
    end()
    changes.connection = undefined
  }
  client.on('end', onEnd)
  return { redis, ready, catchUps, end }
}
