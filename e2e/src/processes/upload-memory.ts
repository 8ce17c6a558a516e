import process from 'node:process'
import { registerAuth } from '@latchkey/axios'
import { bearer, createTokenManager } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import axios from 'axios'
import ky from 'ky'

// Tells how many bytes of buffers there are more while 200 MB are on their way. Needs --expose-gc.
const [, , client = '', who = ''] = process.argv
const origin = 'http://127.0.0.1:9'
const manager = createTokenManager({
  origin,
  scheme: bearer(),
  grants: [{ name: 'sign-in', request: () => Promise.resolve({ accessToken: 'token' }) }],
})
await manager.getTokens()

function held(): number {
  globalThis.gc?.()
  return process.memoryUsage().arrayBuffers
}

let during = 0
const answer = () => {
  during = held()
  return Promise.resolve(new Response('{}'))
}
const isOurs = who === 'registered'
const http = axios.create({
  baseURL: origin,
  adapter: async (config) => {
    await answer()
    return { status: 200, statusText: '', headers: {}, data: '', config }
  },
})
if (isOurs) registerAuth(http, manager)
const send: Record<string, (body: Uint8Array<ArrayBuffer>) => Promise<unknown>> = {
  fetch: (body) =>
    (isOurs ? wrapFetch(manager, { fetch: answer }) : answer)(`${origin}/up`, {
      method: 'POST',
      body,
    }),
  ky: (body) =>
    (isOurs ? ky.extend({ hooks: authHooks(manager) }) : ky).post(`${origin}/up`, {
      body,
      fetch: answer,
      retry: 0,
    }),
  axios: (body) => http.post('/up', body),
}
const body = new Uint8Array(200_000_000)
const before = held()
await send[client]?.(body)
console.log(during - before)
