// Some workers of a fleet, in one process. All workers share one session in Redis. redis-fleet.test.ts starts
// this file. Each worker has a store and a manager of its own, and keeps sending requests.
// Arguments: Redis' URL, the server's URL, the number of workers, 'refresh' or 'refresh,password'.
// The process sends a Report ten times a second, and ends when it receives a message.
import process from 'node:process'
import {
  bearer,
  createTokenManager,
  type Grant,
  GrantRejectedError,
  isLatchkeyError,
} from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { redisStore } from '@latchkey/stores/redis'
import { createClient } from 'redis'

/** What the workers of this process have received so far. */
export interface Report {
  /** How often each status came, or each error code (with the code of its cause). */
  seen: Record<string, number>
  signedOut: number
}

const [redisUrl = '', serverUrl = '', workers = '', chain = ''] = process.argv.slice(2)
const report: Report = { seen: {}, signedOut: 0 }
const end = new AbortController()
process.once('message', () => end.abort())
process.once('disconnect', () => process.exit())

const client = createClient({ url: redisUrl, socket: { reconnectStrategy: 50 } })
client.on('error', () => undefined)
await client.connect()

async function obtain(
  path: string,
  body: string,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
) {
  const headers = { 'x-pid': String(process.pid) }
  const response = await fetch(serverUrl + path, { method: 'POST', body, headers, signal })
  if (response.status === 400) throw new GrantRejectedError('The refresh token was rejected.')
  const { accessToken, refreshToken, expiresInMs } = await response.json()
  return { accessToken, refreshToken, expiresAt: Date.now() + expiresInMs }
}

const grants: Record<string, Grant> = {
  refresh: {
    name: 'refresh token',
    async request({ tokens, fetch, signal }) {
      if (!tokens?.refreshToken) return undefined
      return obtain('/renew', tokens.refreshToken, fetch, signal)
    },
  },
  password: {
    name: 'password',
    request: async ({ fetch, signal }) => obtain('/sign-in', '', fetch, signal),
  },
}

async function work(): Promise<void> {
  const manager = createTokenManager({
    origin: serverUrl,
    scheme: bearer(),
    grants: chain.split(',').flatMap((name) => grants[name] ?? []),
    store: redisStore(client),
    name: 'fleet',
  })
  manager.on('signedOut', () => void (report.signedOut += 1))
  const authorized = wrapFetch(manager)
  const ask = async () => {
    const response = await authorized(`${serverUrl}/data`)
    // A token may expire on its way. If it then cannot be renewed, explain() has the reason for the 401.
    if (response.status === 401) throw manager.explain(response) ?? new Error('a bare 401')
    return String(response.status)
  }
  while (!end.signal.aborted) {
    const outcome = await ask().catch(describe)
    report.seen[outcome] = (report.seen[outcome] ?? 0) + 1
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 30))
  }
  manager.dispose()
}

/** Returns the code of an error, and the code of its cause. */
function describe(error: unknown): string {
  if (!isLatchkeyError(error)) return String(error)
  return isLatchkeyError(error.cause) ? `${error.code} < ${error.cause.code}` : error.code
}

const sending = setInterval(() => process.send?.(report), 100)
await Promise.all(Array.from({ length: Number(workers) }, () => work()))
clearInterval(sending)
process.send?.(report)
await client.close()
process.disconnect()
