import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { memoryStore, type TokenManager, type TokenStore } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { type JwtSession, jwtSession, type JwtSessionOptions } from '@latchkey/jwt'
import { FetchError, type $Fetch } from 'ofetch'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { runShown } from '../src/docs/recipes.ts'
import { ada, type RecipeApi, startRecipeApi } from '../src/docs/recipe-api.ts'

const page = 'docs/recipes/frameworks.md'

let api: RecipeApi
beforeAll(async () => {
  api = await startRecipeApi()
  api.app.get('/cookies', (c) => {
    c.header('set-cookie', 'refresh=next; Path=/; HttpOnly')
    return c.json({ cookie: c.req.header('cookie') ?? null })
  })
  api.app.get('/away', (c) => c.redirect('/cookies'))
})
afterAll(() => api.close())

describe('the sessions of all visitors', () => {
  type Open = (id?: string) => JwtSession & { id: string }
  type Create = (options: JwtSessionOptions, store: TokenStore) => Open

  async function start() {
    const { createSessions } = await runShown<{ createSessions: Create }>(page, ['createSessions'])
    const open = createSessions({ ...api.options, whenSignedOut: 'send' }, memoryStore())
    const ask = async (id?: string) => (await wrapFetch(open(id))(`${api.url}/me`)).status
    return { open, ask }
  }

  test('belong to an id that is new at each sign-in, and an unknown id is a visitor', async () => {
    const { open, ask } = await start()
    const session = open()
    await session.signIn(ada)
    expect(open().id).not.toBe(session.id)
    expect([await ask(session.id), await ask('planted'), await ask()]).toEqual([200, 401, 401])
  })

  test('share one renewal among the requests of a page', async () => {
    const { open, ask } = await start()
    const { id, signIn } = open()
    await signIn(ada)
    api.expire()
    const before = api.countOf('/auth/refresh')
    expect(await Promise.all([ask(id), ask(id), ask(id)])).toEqual([200, 200, 200])
    expect(api.countOf('/auth/refresh')).toBe(before + 1)
  })
})

describe('ofetch', () => {
  type Create = (baseURL: string, session: TokenManager) => $Fetch
  const open = async (session: TokenManager) =>
    (await runShown<{ createApi: Create }>(page, ['createApi'])).createApi(api.url, session)

  test('renews a dead token', async () => {
    const session = await api.signedIn()
    const $fetch = await open(session)
    api.expire()
    expect(await $fetch('/me')).toEqual({ email: ada.email })
  })

  test('names the reason of an unsent request as the cause of its error', async () => {
    const $fetch = await open(jwtSession(api.options))
    const error: unknown = await $fetch('/me').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(FetchError)
    expect((error as Error).cause).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  })
})

describe('server rendering with the API’s own cookies', () => {
  type Exchange = { req: IncomingMessage; res: ServerResponse }
  type Make = (origin: string, exchange: Exchange) => typeof fetch

  /** What a page says that asks the API for `path`, of a browser with a cookie. */
  async function render(path: string, origin = api.url) {
    const { visitorFetch } = await runShown<{ visitorFetch: Make }>(page, ['visitorFetch'])
    const answer = async (exchange: Exchange) => {
      const asked = await visitorFetch(origin, exchange)(api.url + path)
      exchange.res.end(`${asked.status} ${await asked.text()}`)
    }
    const server = createServer((req, res) => void answer({ req, res })).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const headers = { cookie: 'refresh=once' }
    const response = await fetch(`http://127.0.0.1:${port}`, { headers })
    return { text: await response.text(), cookies: response.headers.getSetCookie() }
  }

  test('passes them on, in both directions', async () => {
    const cookies = ['refresh=next; Path=/; HttpOnly']
    expect(await render('/cookies')).toEqual({ text: '200 {"cookie":"refresh=once"}', cookies })
  })

  test('does not send them to another origin, and accepts none from there', async () => {
    const elsewhere = await render('/cookies', 'https://api.example.com')
    expect(elsewhere).toEqual({ text: '200 {"cookie":null}', cookies: [] })
  })

  test('follows no redirect with them', async () => {
    expect((await render('/away')).text).toMatch(/^302/)
  })
})
