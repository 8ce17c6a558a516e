import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { bearer, createTokenManager, type TokenSet } from '@latchkey/core'
import { type CookiePlace, cookieStore } from '@latchkey/stores/cookie'
import { createNocoDBDouble } from '@latchkey/testing'
import express from 'express'
import { Hono } from 'hono'
import { parseSetCookie } from 'cookie'
import { afterEach, describe, expect, test } from 'vitest'

/** The API behind the app: it knows a token's user, and hands out the next token set. */
const origin = 'https://api.test'
const tokensOf = (user: string, generation: number): TokenSet => ({
  accessToken: `CANARY-7f3a-access-${user}-${generation}`,
  refreshToken: `CANARY-7f3a-refresh-${user}-${generation}`,
  expiresAt: generation === 0 ? 1 : Date.now() + 3_600_000, // the first one has expired
})

/** Lets requests on when so many have come, again and again. */
function barrier(count: number): () => Promise<void> {
  let all = Promise.withResolvers<void>()
  let arrived = 0
  return () => {
    const { promise, resolve } = all
    arrived += 1
    if (arrived === count) {
      arrived = 0
      all = Promise.withResolvers()
      resolve()
    }
    return promise
  }
}

/** Renders one request's page: whose token it has after a renewal, during which other requests render. */
async function render(place: CookiePlace, meet: () => Promise<void>): Promise<string> {
  const manager = createTokenManager({
    origin,
    scheme: bearer(),
    store: cookieStore(place),
    grants: [
      {
        name: 'refresh token',
        async request({ tokens }) {
          await meet()
          const [, user = ''] = /refresh-(\w+)-0$/.exec(tokens?.refreshToken ?? '') ?? []
          return user ? tokensOf(user, 1) : undefined
        },
      },
    ],
  })
  const before = await manager.getTokens()
  await meet()
  const after = await cookieStore(place).getToken(origin)
  return `${before.accessToken.slice(0, -2)} ${before.accessToken === after?.accessToken}`
}

const servers: { close(done?: () => void): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: Server): Promise<string> {
  servers.push(server)
  if (!server.listening) await new Promise((resolve) => void server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The app on each server: `/` renders a page. */
const apps: Record<string, (meet: () => Promise<void>) => Promise<string>> = {
  Express(meet) {
    const app = express()
    // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 takes care of rejections
    app.get('/', async (req, res) => {
      res.cookie('theirs', 'kept')
      res.send(await render({ req, res }, meet))
    })
    return listen(app.listen(0, '127.0.0.1'))
  },
  Node(meet) {
    const server = createServer((req, res) => {
      void render({ req, res }, meet).then((page) => {
        res.appendHeader('set-cookie', 'theirs=kept')
        res.end(page)
      })
    })
    return listen(server.listen(0, '127.0.0.1'))
  },
  Hono(meet) {
    const app = new Hono()
    app.get('/', async (c) => {
      c.header('set-cookie', 'theirs=kept', { append: true })
      return c.text(await render({ request: c.req.raw, headers: c.res.headers }, meet))
    })
    return listen(serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server)
  },
  'a fetch handler'(meet) {
    const fetch = async (request: Request) => {
      const headers = new Headers({ 'set-cookie': 'theirs=kept' })
      return new Response(await render({ request, headers }, meet), { headers })
    }
    return listen(serve({ fetch, port: 0, hostname: '127.0.0.1' }) as Server)
  },
}

/** What a browser sends that has this user's session. */
async function cookieFor(user: string): Promise<string> {
  const headers = new Headers()
  const store = cookieStore({ request: new Request('https://app.test'), headers })
  await store.setToken(tokensOf(user, 0), origin)
  return headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

describe.each(Object.keys(apps))('on %s', (kind) => {
  test('users whose pages are rendered at once, with renewals, never see each other’s token', async () => {
    const users = ['ada', 'ben', 'cyd', 'dan']
    const url = await apps[kind]!(barrier(users.length))
    const pages = users.map(async (user) => {
      const response = await fetch(url, { headers: { cookie: await cookieFor(user) } })
      const cookies = response.headers.getSetCookie().map((line) => parseSetCookie(line))
      const [theirs, ours, ...more] = cookies.toSorted((a, b) => b.name.localeCompare(a.name))
      expect([theirs?.name, theirs?.value, more]).toEqual(['theirs', 'kept', []])
      expect(ours).toMatchObject({ httpOnly: true, secure: true, sameSite: 'lax', path: '/' })
      const { accessToken } = JSON.parse(ours?.value ?? '') as TokenSet
      return { page: await response.text(), accessToken }
    })
    expect(await Promise.all(pages)).toEqual(
      users.map((user) => ({
        page: `CANARY-7f3a-access-${user} true`,
        accessToken: `CANARY-7f3a-access-${user}-1`,
      })),
    )
  })
})

test('once the response has been sent, a refresh token is not used, whose successor no cookie could hold', async () => {
  let asked = 0
  const request = async ({ tokens }: { tokens?: TokenSet }) => {
    if (tokens?.refreshToken) asked += 1
    return tokens && tokensOf('ada', 1)
  }
  const server = createServer((req, res) => {
    const store = cookieStore({ req, res })
    const grants = [{ name: 'refresh token', request }]
    const manager = createTokenManager({ origin, scheme: bearer(), store, grants })
    res.flushHeaders()
    void manager.getTokens().then(
      () => res.end('renewed'),
      (error: Error) => res.end(error.message),
    )
  })
  const url = await listen(server.listen(0, '127.0.0.1'))
  const page = await fetch(url, { headers: { cookie: await cookieFor('ada') } })
  expect(await page.text()).toContain('The session is kept')
  expect(asked).toBe(0)
})

test('a session of NocoDB fits into a cookie, with room to spare', async () => {
  const double = createNocoDBDouble()
  const user = { email: `${'ada.'.repeat(15)}lovelace@mail.example.com`, password: 'correct horse' }
  double.control.addUser(user)
  const request = new Request('http://noco.test/api/v1/auth/user/signin', {
    method: 'POST',
    body: JSON.stringify(user),
    headers: { 'content-type': 'application/json' },
  })
  const answer = await double.fetch(request)
  const { token: accessToken } = (await answer.json()) as { token: string }
  const [refresh = ''] = answer.headers.getSetCookie()
  const refreshToken = parseSetCookie(refresh).value ?? ''
  const [expiresAt, refreshExpiresAt] = [Date.now() + 36_000_000, Date.now() + 2_592_000_000]
  const headers = new Headers()
  const store = cookieStore({ request, headers })
  await store.setToken({ accessToken, refreshToken, expiresAt, refreshExpiresAt }, origin)
  expect([accessToken.length > 200, refreshToken.length]).toEqual([true, 80])
  expect(headers.getSetCookie()[0]?.length).toBeLessThan(2_048)
})
