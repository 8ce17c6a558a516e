import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { Agent as HttpsAgent, createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import process from 'node:process'
import { registerAuth } from '@latchkey/axios'
import { bearer, createTokenManager, headerScheme, type TokenManager } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import axios from 'axios'
import ky from 'ky'
import { generate } from 'selfsigned'
import { Agent, Dispatcher1Wrapper } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** The first byte of a TLS handshake (RFC 8446 section 5.1). */
const HANDSHAKE = 22

/** http and https on one host and one port: nothing but the scheme tells the two origins apart. */
async function serveBoth(listener: RequestListener) {
  const altNames = [{ type: 7 as const, ip: '127.0.0.1' }]
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [{ name: 'subjectAltName', altNames }],
  })
  const plain = createHttpServer(listener)
  const secure = createHttpsServer({ key, cert }, listener)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', (start) => {
      socket.pause()
      socket.unshift(start)
      const target = start[0] === HANDSHAKE ? secure : plain
      target.emit('connection', socket)
      process.nextTick(() => socket.resume())
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    cert,
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}

let server: Awaited<ReturnType<typeof serveBoth>>
let trusting: typeof fetch
let agent: Agent
let httpsAgent: HttpsAgent
const seen: { path: string; secure: boolean; carried: string[] }[] = []

beforeAll(async () => {
  server = await serveBoth(({ url = '', socket, headers }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://server')
    const carried = ['authorization', 'xc-auth'].filter((name) => headers[name] !== undefined)
    seen.push({ path: pathname, secure: 'encrypted' in socket, carried })
    const location = searchParams.get('to')
    if (location) response.writeHead(307, { location }).end()
    else response.writeHead(carried.length > 0 ? 200 : 401).end('{}')
  })
  // Each client is told to trust this one certificate; nothing is switched off for anybody else.
  agent = new Agent({ connect: { ca: server.cert } })
  httpsAgent = new HttpsAgent({ ca: server.cert })
  const dispatcher = new Dispatcher1Wrapper(agent) // as the platform's fetch knows them
  trusting = (input, init) => fetch(input, { ...init, dispatcher } as RequestInit)
})
afterAll(async () => {
  await agent.close()
  httpsAgent.destroy()
  await server.close()
})

type Get = (url: string) => Promise<{ status: number }>

const overAxios =
  (manager: TokenManager, adapter: 'http' | 'fetch'): Get =>
  (url) => {
    const env = { fetch: trusting }
    const api = axios.create({ adapter, httpsAgent, env, validateStatus: () => true })
    registerAuth(api, manager)
    return api.get(url)
  }

const clients: Record<string, (manager: TokenManager) => Get> = {
  fetch: (manager) => wrapFetch(manager, { fetch: trusting }),
  ky: (manager) =>
    ky.extend({ fetch: trusting, hooks: authHooks(manager), retry: 0, throwHttpErrors: false }).get,
  'axios on http': (manager) => overAxios(manager, 'http'),
  'axios on fetch': (manager) => overAxios(manager, 'fetch'),
}

const schemes = [bearer(), headerScheme('xc-auth')]
const cases = Object.entries(clients).flatMap(([client, connect]) =>
  schemes.flatMap((scheme) =>
    [true, false].map((down) => ({ client, connect, scheme, way: down ? 'down' : 'up', down })),
  ),
)

describe('a redirect that changes only the scheme, on one host and port', () => {
  test.each(cases)(
    'does not send $scheme.name along: $client, $way',
    async ({ connect, scheme, down }) => {
      const [from, to] = down ? ['https', 'http'] : ['http', 'https']
      seen.length = 0
      let renewals = 0
      const request = () => Promise.resolve({ accessToken: `CANARY-7f3a-${(renewals += 1)}` })
      const origin = `${from}://${server.host}`
      const manager = createTokenManager({ origin, scheme, grants: [{ name: 'known', request }] })
      const target = encodeURIComponent(`${to}://${server.host}/there`)
      const { status } = await connect(manager)(`${origin}/here?to=${target}`)
      const header = scheme.header ?? 'authorization'
      expect(seen).toEqual([
        { path: '/here', secure: down, carried: [header] },
        { path: '/there', secure: !down, carried: [] },
      ])
      expect([status, renewals]).toEqual([401, 1])
    },
  )
})
