import { once } from 'node:events'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { bearer, createTokenManager, type TokenStore } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { fileStore } from '@latchkey/stores/file'
import { redisStore } from '@latchkey/stores/redis'
import { createClient } from 'redis'
import { renewAt } from '../worlds/server-process.ts'
import type { Tokens } from '../worlds/tokens.ts'

/** One of several processes on one session. It is told when to begin and when to end. */
export interface SharerOptions {
  store: 'file' | 'redis'
  /** A directory, or a socket. */
  place: string
  /** Of the token set in the store. */
  name: string
  origin: string
  session: string
  tokens: Tokens
}

const EVERY_MS = 20

const given = JSON.parse(process.argv[2] ?? '') as SharerOptions
const { store, place, name, origin, session, tokens } = given
const shared = await openStore()
const manager = createTokenManager({
  origin,
  scheme: bearer(),
  store: shared,
  name,
  grants: [
    {
      name: 'refresh token',
      request: ({ tokens: old }) => renewAt(origin, session, old?.refreshToken ?? ''),
    },
  ],
})
const api = wrapFetch(manager)
await shared.setToken(tokens, name)
await manager.getTokens()

process.send?.('ready')
await once(process, 'message')
const ending = new AbortController()
process.once('message', () => ending.abort())
let requests = 0
let failures = 0
await manager.refresh().catch(() => (failures += 1)) // all at once, and from here on short-lived tokens
while (!ending.signal.aborted) {
  requests += 1
  const response = await api(`${origin}/items?session=${session}`).catch(() => undefined)
  await response?.text()
  if (response?.status !== 200) failures += 1
  await wait(EVERY_MS)
}
process.send?.({ requests, failures }, () => process.exit())

async function openStore(): Promise<TokenStore> {
  if (store === 'file') return fileStore({ directory: place })
  const client = createClient({ socket: { path: place, tls: false } })
  client.on('error', () => undefined) // a failing store is the manager's to tell
  await client.connect()
  return redisStore(client)
}
