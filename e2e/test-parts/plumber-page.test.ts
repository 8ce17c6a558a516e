import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PageClient } from '../src/auth-servers/plumber-page.ts'
import { type PlumberServer, startPlumber } from '../src/auth-servers/plumber-server.ts'
import { bundlePage, launchChromium } from '../src/tabs/browser.ts'
import { forwardTo, serve } from '../test/support/forward.ts'

type Site = Awaited<ReturnType<typeof serve>>

const password = 'CANARY-7f3a-ada'
const clients: PageClient[] = ['fetch', 'axios', 'ky']

let plumber: PlumberServer
let browser: Browser
let context: BrowserContext
/** The page, with plumber behind it on its own origin. */
let site: Site
/** plumber on another origin, whose CORS lets the page in with its cookies. */
let elsewhere: Site

beforeAll(async () => {
  const starting = startPlumber({ password, secret: 'CANARY-7f3a-signing-key', lifeS: 3600 })
  const [started, launched, script] = await Promise.all([
    starting,
    launchChromium(),
    bundlePage(new URL('../src/auth-servers/plumber-page.ts', import.meta.url)),
  ])
  plumber = started
  browser = launched
  site = await serve(withPage(script, forwardTo(plumber.url)))
  elsewhere = await serve(withCors(site.url, plumber.url))
})
afterAll(() => Promise.all([browser.close(), site.close(), elsewhere.close(), plumber.stop()]))
beforeEach(async () => {
  context = await browser.newContext()
})
afterEach(() => context.close())

type Handler = (request: IncomingMessage, response: ServerResponse) => void

function withPage(script: string, handler: Handler): Handler {
  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page')
    if (pathname === '/page.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    } else if (pathname === '/') {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('<!doctype html><title>plumber</title><script src="/page.js"></script>')
    } else handler(request, response)
  }
}

function withCors(origin: string, target: string): Handler {
  const allowed = {
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-allow-headers': 'content-type',
  }
  const forward = forwardTo(target, allowed)
  return (request, response) => {
    if (request.method === 'OPTIONS') response.writeHead(204, allowed).end()
    else forward(request, response)
  }
}

async function open(query = ''): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${site.url}/${query}`)
  return page
}

const signIn = (page: Page) => page.evaluate((secret) => window.plumber.signIn(secret), password)

const ask = (page: Page, client: PageClient, path = '/data') =>
  page.evaluate(([by, where]) => window.plumber.ask(by, where), [client, path] as const)

describe.each([
  ["a page of plumber's own origin", () => ''],
  ['a page of another origin', () => `?api=${encodeURIComponent(elsewhere.url)}`],
])('%s', (_, query) => {
  test('is signed in by an HttpOnly cookie, with every client, across an expiry', async () => {
    const page = await open(query())
    await signIn(page)
    const before = await plumber.counts()
    for (const client of clients) {
      expect(await ask(page, client)).toBe(200)
      await plumber.expire()
      expect(await ask(page, client)).toBe(200)
    }
    expect((await plumber.counts()).signIns).toBe(before.signIns + clients.length)
  })

  test('keeps nothing that a script could read but a marker', async () => {
    const page = await open(query())
    await signIn(page)
    const cookies = await context.cookies()
    const { value = '', httpOnly } = cookies.find(({ name }) => name === 'token') ?? {}
    expect(httpOnly).toBe(true)
    const readable = await page.evaluate(() => window.plumber.everythingReadable())
    expect(readable).toContain('in-the-cookie-jar:')
    for (const secret of [value, decodeURIComponent(value), 'eyJ', 'CANARY']) {
      expect(readable).not.toContain(secret)
    }
  })

  test('goes on after a reload, without a sign-in', async () => {
    const page = await open(query())
    await signIn(page)
    const { signIns } = await plumber.counts()
    await page.reload()
    expect(await ask(page, 'fetch')).toBe(200)
    expect((await plumber.counts()).signIns).toBe(signIns)
  })

  test('a 401 that means missing rights is its own, and it stays signed in', async () => {
    const page = await open(query())
    await signIn(page)
    expect(await ask(page, 'axios', '/admin')).toBe(401)
    expect(await ask(page, 'ky')).toBe(200)
  })

  test('signing out takes the cookie away, and other tabs are signed out too', async () => {
    const [page, other] = [await open(query()), await open(query())]
    await signIn(page)
    await expect.poll(() => ask(other, 'fetch')).toBe(200)
    await page.evaluate(() => window.plumber.signOut())
    expect(await context.cookies()).toEqual([])
    expect(await ask(page, 'fetch')).toBe('ERR_SIGN_IN_REQUIRED')
    // Right after a write the store waits up to a second for it to arrive.
    await expect.poll(() => ask(other, 'fetch'), { timeout: 10_000 }).toBe('ERR_SIGN_IN_REQUIRED')
  })
})
