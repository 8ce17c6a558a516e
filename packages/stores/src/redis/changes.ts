import { runScript } from './connection.ts'
import type { RedisListener, RedisPort } from './port.ts'
import { FENCE } from './scripts.ts'

/** Listens for changes on one connection beside the client's, which is made for the first listener. */
export interface Changes {
  port: RedisPort
  connection: Listening | undefined
}

interface Listening {
  redis: RedisListener
  /** By channel, what listens to it. */
  channels: Map<string, Set<Hearing>>
}

interface Hearing {
  hear(): void
  /** What to do after a time in which nothing could be heard. */
  catchUp(): void
}

/** Where a write of `key` is told. The message says nothing, and so never a token. */
export const channelOf = (key: string): string => `${key}:changed`

/**
 * Calls `listener` when `key` was written, also if that was while nothing could be heard. By this very store as well:
 * several managers may share it.
 */
export function followKey(changes: Changes, key: string, listener: () => void): () => void {
  const connection = (changes.connection ??= connect(changes))
  const { redis, channels } = connection
  const channel = channelOf(key)
  const fence = () => runScript(changes.port, FENCE, key)
  let known = fence()
  known.catch(() => undefined)
  const hearing: Hearing = {
    hear: () => listener(),
    catchUp() {
      const before = known
      known = fence()
      void Promise.all([before, known]).then(
        ([old, now]) => now !== old && channels.get(channel)?.has(hearing) && listener(),
        () => undefined, // unreachable again: there will be another reconnection
      )
    },
  }
  const all = channels.get(channel) ?? new Set()
  channels.set(channel, all.add(hearing))
  // Fails only when the client is closed.
  redis.subscribe(channel).then(hearing.catchUp, () => undefined)
  return () => {
    all.delete(hearing)
    if (all.size > 0) return
    channels.delete(channel)
    redis.unsubscribe(channel).catch(() => undefined)
    if (channels.size > 0) return
    redis.close()
    if (changes.connection === connection) changes.connection = undefined
  }
}

function connect(changes: Changes): Listening {
  const channels: Listening['channels'] = new Map()
  const hearings = (channel: string) => [...(channels.get(channel) ?? [])]
  const redis = changes.port.listen({
    onMessage: (channel) => hearings(channel).forEach(({ hear }) => hear()),
    onReconnected() {
      for (const channel of channels.keys()) {
        for (const { catchUp } of hearings(channel)) catchUp()
      }
    },
    onEnd: () => void (changes.connection = undefined),
  })
  return { redis, channels }
}
