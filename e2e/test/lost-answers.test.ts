import type { ServerResponse } from 'node:http'
import { bearer, createTokenManager, type GrantContext, memoryStore } from '@latchkey/core'
import axios from 'axios'
import ky from 'ky'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { serve } from './support/forward.ts'

type Mood = 'breaks' | 'breaks off' | 'hangs' | 'says 503' | 'renews'

/** A server with single-use refresh tokens, which it spends whatever then becomes of its answer. */
async function tokenServer() {
  const presented: string[] = []
  const state = { mood: 'renews' as Mood }
  const { url, close } = await serve((request, response) => {
    presented.push(String(request.headers['x-refresh-token']))
    request.resume().once('end', () => answer(response, state.mood, presented.length))
  })
  return { url, close, presented, state }
}

function answer(response: ServerResponse, mood: Mood, serial: number): void {
  const body = JSON.stringify({ accessToken: `a${serial}`, refreshToken: `r${serial}` })
  if (mood === 'hangs') return
  if (mood === 'breaks') response.socket?.destroy()
  else if (mood === 'says 503') response.writeHead(503).end('{}')
  else {
    const missing = mood === 'breaks off' ? 10 : 0
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': body.length + missing,
    })
    response.write(body, () => missing > 0 && response.socket?.destroy())
  }
}

const LIMIT_MS = 150
type Tokens = { accessToken: string; refreshToken: string }

/** How users ask for tokens: each client has its own words for the same trouble. */
const clients: Record<string, (url: string, context: GrantContext) => Promise<Tokens>> = {
  async fetch(url, { tokens, signal, fetch: send }) {
    const headers = { 'x-refresh-token': tokens?.refreshToken ?? '' }
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)])
    const response = await send(url, { method: 'POST', headers, signal: limit })
    // No status: the error of somebody who wrote three lines.
    if (!response.ok) throw new Error(`The server answered ${response.status}.`)
    return response.json() as Promise<Tokens>
  },
  async axios(url, { tokens, signal }) {
    const headers = { 'x-refresh-token': tokens?.refreshToken ?? '' }
    return (await axios.post<Tokens>(url, {}, { headers, signal, timeout: LIMIT_MS })).data
  },
  async ky(url, { tokens, signal }) {
    const headers = { 'x-refresh-token': tokens?.refreshToken ?? '' }
    return ky.post<Tokens>(url, { headers, signal, timeout: LIMIT_MS }).json()
  },
}

let server: Awaited<ReturnType<typeof tokenServer>>
beforeEach(async () => {
  server = await tokenServer()
})
afterEach(() => server.close())

async function session(client: keyof typeof clients) {
  const store = memoryStore()
  await store.setToken({ accessToken: 'a0', refreshToken: 'r0', expiresAt: 1 }, 'me')
  let asked = 0
  const request = async (context: GrantContext) => {
    asked += 1
    return clients[client]?.(server.url, context)
  }
  const manager = createTokenManager({
    origin: server.url,
    scheme: bearer(),
    grants: [{ name: 'refresh token', request }],
    store,
    name: 'me',
  })
  return { manager, store, asked: () => asked }
}

const unavailable = { code: 'ERR_RENEWAL_UNAVAILABLE' }

describe.each(Object.keys(clients))('a refresh token presented with %s', (client) => {
  test.each(['breaks', 'breaks off', 'hangs'] as const)(
    'to a server that then %s is not presented again by that renewal, and the session is kept',
    async (mood) => {
      const { manager, store } = await session(client)
      server.state.mood = mood
      await expect(manager.getTokens()).rejects.toMatchObject(unavailable)
      expect(server.presented).toEqual(['r0'])
      expect(await store.getToken('me')).toMatchObject({ refreshToken: 'r0' })
    },
  )

  test('whose answer was lost is presented by a later renewal only if the store has no newer one', async () => {
    const { manager, store } = await session(client)
    server.state.mood = 'breaks'
    await expect(manager.getTokens()).rejects.toMatchObject(unavailable)
    await store.setToken({ accessToken: 'b', refreshToken: 'elsewhere', expiresAt: 1 }, 'me')
    server.state.mood = 'renews'
    expect(await manager.refresh()).toMatchObject({ refreshToken: 'r2' })
    expect(server.presented).toEqual(['r0', 'elsewhere'])
  })

  test('to a server that answers 503 is presented again', async () => {
    const { manager } = await session(client)
    server.state.mood = 'says 503'
    await expect(manager.getTokens()).rejects.toMatchObject(unavailable)
    expect(server.presented).toEqual(['r0', 'r0', 'r0'])
  })

  test('is presented again after the connection was refused', async () => {
    const { manager, asked } = await session(client)
    await server.close()
    await expect(manager.getTokens()).rejects.toMatchObject(unavailable)
    expect(asked()).toBe(3)
  })
})
