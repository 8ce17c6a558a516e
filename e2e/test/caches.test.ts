import { registerAuth } from '@latchkey/axios'
import { bearer, createTokenManager, headerScheme, type TokenManager } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import axios from 'axios'
import ky from 'ky'
import { Agent, Dispatcher1Wrapper, interceptors } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serve } from './support/forward.ts'

/** What a server that knows nothing of caches says of each answer, its 401s too. */
const cacheable = {
  'cache-control': 'public, max-age=60',
  age: '1',
  etag: '"1"',
  'content-type': 'application/json',
}

let server: Awaited<ReturnType<typeof serve>>
let agent: ReturnType<Agent['compose']>
let cached: typeof fetch
const statuses: number[] = []

beforeAll(async () => {
  server = await serve(({ headers }, response) => {
    const token = String(headers.authorization ?? headers['xc-auth'])
    const status = token.endsWith('CANARY-7f3a-2') ? 200 : 401
    statuses.push(status)
    response.writeHead(status, cacheable).end('{}')
  })
  // A private cache under the client's fetch, which keeps what it is told that it may keep.
  agent = new Agent().compose(interceptors.cache({ type: 'private' }))
  const dispatcher = new Dispatcher1Wrapper(agent)
  cached = (input, init) => fetch(input, { ...init, dispatcher } as RequestInit)
})
afterAll(async () => {
  await agent.close()
  await server.close()
})

type Get = (url: string) => Promise<{ status: number }>

const clients: Record<string, (manager: TokenManager) => Get> = {
  fetch: (manager) => wrapFetch(manager, { fetch: cached }),
  ky: (manager) => ky.extend({ fetch: cached, hooks: authHooks(manager) }).get,
  axios: (manager) => (url) => {
    const api = axios.create({ adapter: 'fetch', env: { fetch: cached } })
    registerAuth(api, manager)
    return api.get(url)
  },
}

describe.each([bearer(), headerScheme('xc-auth')])('under a cache, with $name', (scheme) => {
  test.each(Object.keys(clients))(
    '%s replays to the server, not from the cache',
    async (client) => {
      statuses.length = 0
      let made = 0
      const request = () => Promise.resolve({ accessToken: `CANARY-7f3a-${(made += 1)}` })
      const grants = [{ name: 'renewal', request }]
      const manager = createTokenManager({ origin: server.url, scheme, grants })
      const path = `/${client}-${scheme.name}`
      expect((await clients[client]?.(manager)(server.url + path))?.status).toBe(200)
      expect([statuses, made]).toEqual([[401, 200], 2])
    },
  )
})
