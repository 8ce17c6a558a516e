// Listens to a session in Redis and then only lets go of its client, to see whether the process ends by
// itself: started by redis-away.test.ts. Its arguments: Redis' URL, 'close' or 'unref'.
import process from 'node:process'
import { redisStore } from '@latchkey/stores/redis'
import { createClient } from 'redis'

const [url = '', how] = process.argv.slice(2)
const client = createClient({ url })
client.on('error', () => undefined)
await client.connect()
const store = redisStore(client)
store.subscribe('session', () => undefined)
await store.lock('session', () =>
  Promise.resolve(store.setToken({ accessToken: 'CANARY-7f3a' }, 'session')),
)
console.log((await store.names()).join())
if (how === 'close') await client.close()
else client.unref()
