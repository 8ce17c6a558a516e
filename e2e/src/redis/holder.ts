// Holds the lock of a session in Redis until told to write: started by redis.test.ts, which stops this
// process for longer than its lease meanwhile. Its arguments: Redis' URL, a prefix, the lease in ms.
import process from 'node:process'
import { isLatchkeyError } from '@latchkey/core'
import { redisStore } from '@latchkey/stores/redis'
import { createClient } from 'redis'

const [url = '', prefix = '', leaseMs = ''] = process.argv.slice(2)
const client = createClient({ url })
client.on('error', () => undefined)
await client.connect()
const store = redisStore(client, { prefix, leaseMs: Number(leaseMs) })

const told = new Promise((resolve) => process.once('message', resolve))
process.once('disconnect', () => process.exit())
const tokens = { accessToken: 'CANARY-7f3a-late', refreshToken: 'CANARY-7f3a-late-refresh' }
await store.lock('session', async () => {
  process.send?.('holding')
  await told
  try {
    await store.setToken(tokens, 'session')
    process.send?.('written')
  } catch (error) {
    process.send?.(isLatchkeyError(error) ? error.code : String(error))
  }
})
await client.close()
process.disconnect()
