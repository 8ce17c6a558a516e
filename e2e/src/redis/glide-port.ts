import type { RedisListenerEvents, RedisPort } from '@latchkey/stores/redis'
import { GlideClient, type GlideClientConfiguration } from '@valkey/valkey-glide'

/** How long a subscription may take, in milliseconds. */
const SUBSCRIBE_LIMIT_MS = 2_000

/** A port around a client of `@valkey/valkey-glide`, as a user of that library would write it. */
export function glidePort(client: GlideClient, configuration: GlideClientConfiguration): RedisPort {
  return {
    isOpen: () => true, // it reconnects until it is closed, and then every call rejects
    runScript: (script, key, values) => command(client, ['EVAL', script, '1', key, ...values]),
    keyScans: async () => [
      async (cursor, pattern) => {
        const scan = ['SCAN', cursor, 'MATCH', pattern, 'TYPE', 'hash', 'COUNT', '500']
        const [next, keys] = (await command(client, scan)) as [string, string[]]
        return { cursor: next, keys }
      },
    ],
    listen: (events) => listen(configuration, events),
  }
}

/** Glide puts words of its own before those of the server; the store looks at the server's. */
async function command(client: GlideClient, args: string[]): Promise<unknown> {
  try {
    return await client.customCommand(args)
  } catch (error) {
    const [, word, text] = /\b([A-Z]{3,}): (.*)/.exec((error as Error).message) ?? []
    throw word === undefined ? error : new Error(`${word} ${text}`, { cause: error })
  }
}

/** Glide says nothing of a reconnection, so what was missed meanwhile is seen at the next renewal. */
function listen(configuration: GlideClientConfiguration, { onMessage }: RedisListenerEvents) {
  const client = GlideClient.createClient({
    ...configuration,
    pubsubSubscriptions: {
      channelsAndPatterns: {},
      callback: ({ channel }) => onMessage(String(channel)),
    },
  })
  return {
    subscribe: async (channel: string) =>
      (await client).subscribe(new Set([channel]), SUBSCRIBE_LIMIT_MS),
    unsubscribe: async (channel: string) => (await client).unsubscribeLazy(new Set([channel])),
    close: () => void client.then((opened) => opened.close()),
  }
}
