import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TokenManager } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { jwtSession } from '@latchkey/jwt'
import type { EventSource } from 'eventsource'
import { streamSSE } from 'hono/streaming'
import { Server } from 'socket.io'
import type { Socket } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { runShown } from '../src/docs/recipes.ts'
import { ada, type RecipeApi, startRecipeApi } from '../src/docs/recipe-api.ts'

const page = 'docs/recipes/live.md'

let api: RecipeApi
/** Who followed /events, and how each stream is ended. */
const followers: { email: string | undefined; end: () => void }[] = []
beforeAll(async () => {
  api = await startRecipeApi()
  api.app.get('/events', (c) => {
    const email = api.userOf(c)
    if (!email) return c.text('', 401)
    return streamSSE(c, async (stream) => {
      await stream.writeSSE({ data: email, retry: 1 })
      await new Promise<void>((end) => followers.push({ email, end }))
    })
  })
})
afterAll(() => api.close())

const port = (server: { address(): AddressInfo | string | null }) =>
  (server.address() as AddressInfo).port

const until = (check: () => boolean) =>
  expect.poll(check, { timeout: 10_000, interval: 5 }).toBe(true)

describe('socket.io', () => {
  type Connect = (url: string, session: TokenManager) => Socket

  /** What each handshake showed: a user, or nothing. */
  async function start(session: TokenManager, accepts = true) {
    const { connect } = await runShown<{ connect: Connect }>(page, ['socket.io-client'])
    const handshakes: (string | undefined)[] = []
    const http = createServer().listen(0, '127.0.0.1')
    await once(http, 'listening')
    const server = new Server(http)
    server.use((socket, next) => {
      const user = api.userOfToken(socket.handshake.auth['token'] as string)
      handshakes.push(user)
      next(user && accepts ? undefined : new Error('unauthorized'))
    })
    const socket = connect(`http://127.0.0.1:${port(http)}`, session)
    onTestFinished(async () => {
      socket.disconnect()
      await server.close()
    })
    return { socket, server, handshakes }
  }

  test('sends the token on connect, and the new one after a renewal by another client', async () => {
    const session = await api.signedIn()
    const { socket, handshakes } = await start(session)
    await until(() => socket.connected)
    api.expire()
    const before = api.countOf('/auth/refresh')
    await wrapFetch(session)(`${api.url}/me`)
    await until(() => handshakes.length === 2 && socket.connected)
    expect(handshakes).toEqual([ada.email, ada.email])
    expect(api.countOf('/auth/refresh')).toBe(before + 1)
  })

  test('renews once when the server refuses the token, together with the other clients', async () => {
    const session = await api.signedIn()
    api.expire()
    const before = api.countOf('/auth/refresh')
    const { socket, handshakes } = await start(session)
    await wrapFetch(session)(`${api.url}/me`)
    await until(() => socket.connected)
    expect(handshakes).toContain(ada.email)
    expect(api.countOf('/auth/refresh')).toBe(before + 1)
  })

  test('gives up when the new token is refused as well', async () => {
    const session = await api.signedIn()
    const before = api.countOf('/auth/refresh')
    const { socket, handshakes } = await start(session, false)
    let refusals = 0
    socket.on('connect_error', () => (refusals += 1)) // called after the recipe's own
    await until(() => refusals === 2)
    expect(socket.active).toBe(false)
    expect(handshakes).toHaveLength(2)
    expect(api.countOf('/auth/refresh')).toBe(before + 1)
  })

  test('closes with the session, and opens again after the next sign-in', async () => {
    const session = await api.signedIn()
    const { socket, handshakes } = await start(session)
    await until(() => socket.connected)
    await session.signOut()
    expect(socket.connected).toBe(false)
    await session.signIn(ada)
    await until(() => socket.connected)
    expect(handshakes).toHaveLength(2)
  })
})

describe('a WebSocket', () => {
  type Listen = (
    url: string,
    session: TokenManager,
    onMessage: (data: string) => void,
  ) => () => void

  async function start(session: TokenManager) {
    const { listen } = await runShown<{ listen: Listen }>(page, ['new WebSocket('])
    const server = new WebSocketServer({ port: 0 })
    const shown: (string | undefined)[] = []
    server.on('connection', (socket) =>
      socket.once('message', (text) => {
        const { token } = JSON.parse((text as Buffer).toString()) as { token: string }
        const user = api.userOfToken(token)
        shown.push(user)
        if (user) socket.send(`hello ${user}`)
        else socket.close(4401)
      }),
    )
    const heard: string[] = []
    const stop = listen(`ws://127.0.0.1:${port(server)}`, session, (data) => heard.push(data))
    onTestFinished(() => {
      stop()
      for (const client of server.clients) client.terminate()
      server.close()
    })
    return { server, shown, heard }
  }

  test('sends the token in its first message, and the new one after a renewal', async () => {
    const session = await api.signedIn()
    const { shown, heard, server } = await start(session)
    await until(() => heard.length === 1)
    await session.refresh()
    await until(() => heard.length === 2)
    expect(shown).toEqual([ada.email, ada.email])
    await until(() => server.clients.size === 1) // the one before is closed
  })

  test('renews once when the server closes with 4401', async () => {
    const session = await api.signedIn()
    api.expire()
    const before = api.countOf('/auth/refresh')
    const { shown, heard } = await start(session)
    await until(() => heard.length === 1)
    expect(shown).toEqual([undefined, ada.email])
    expect(api.countOf('/auth/refresh')).toBe(before + 1)
  })

  test('opens for a visitor at sign-in, and closes with the session', async () => {
    const session = jwtSession(api.options)
    const { heard, server } = await start(session)
    await session.signIn(ada)
    await until(() => heard.length === 1)
    await session.signOut()
    await until(() => server.clients.size === 0)
    expect(heard).toEqual([`hello ${ada.email}`])
  })
})

describe('an EventSource', () => {
  type Follow = (url: string, session: TokenManager) => EventSource

  async function start(session: TokenManager) {
    const { follow } = await runShown<{ follow: Follow }>(page, ["from 'eventsource'"])
    followers.length = 0
    const events = follow(`${api.url}/events`, session)
    const heard: string[] = []
    events.addEventListener('message', ({ data }) => heard.push(data as string))
    onTestFinished(() => {
      events.close()
      for (const { end } of followers) end()
    })
    return { events, heard }
  }

  test('opens with a renewed token if the server rejects the old one', async () => {
    const session = await api.signedIn()
    api.expire()
    const { heard } = await start(session)
    await until(() => heard.length === 1)
    expect(heard).toEqual([ada.email])
  })

  test('connects again with the current token', async () => {
    const session = await api.signedIn()
    const { heard } = await start(session)
    await until(() => followers.length === 1)
    api.expire()
    const before = api.countOf('/auth/refresh')
    followers[0]?.end()
    await until(() => heard.length === 2)
    expect(api.countOf('/auth/refresh')).toBe(before + 1)
  })

  test('ends with the session', async () => {
    const session = await api.signedIn()
    const { events, heard } = await start(session)
    await until(() => heard.length === 1)
    await session.signOut()
    expect(events.readyState).toBe(events.CLOSED)
  })
})
