import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { PageClient } from '../src/oauth/page.ts'
import { type OAuthServer, startOAuthServer } from '../src/oauth/server.ts'
import { bundlePage, launchChromium } from '../src/tabs/browser.ts'
import { serve } from '../test/support/forward.ts'

let server: OAuthServer
/** Binds tokens to keys, and wants a nonce in each proof. */
let binding: OAuthServer
let browser: Browser
let site: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  const [started, startedToo, launched, script] = await Promise.all([
    startOAuthServer(),
    startOAuthServer({ wantsNonces: true }),
    launchChromium(),
    bundlePage(new URL('../src/oauth/page.ts', import.meta.url)),
  ])
  server = started
  binding = startedToo
  browser = launched
  site = await serve((request, response) => {
    const isScript = request.url === '/page.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(isScript ? script : '<!doctype html><script src="/page.js"></script>')
  })
})
afterAll(() => Promise.all([browser.close(), site.close(), server.close(), binding.close()]))
beforeEach(() => {
  for (const { noticed } of [server, binding])
    Object.assign(noticed, { consumed: 0, revoked: 0, refused: [] })
})

/** A tab that knows its server, before anybody has signed in. */
async function openTab({ url } = server): Promise<Page> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await context.addInitScript(
    ([issuer = '', isBound = '']) => {
      sessionStorage.setItem('issuer', issuer)
      sessionStorage.setItem('isBound', isBound)
    },
    [url, String(url === binding.url)],
  )
  await page.goto(site.url)
  return page
}

/** Through the server's pages and back to `/callback`, where the page waits. */
async function comeBack(page: Page): Promise<void> {
  await page.evaluate(() => window.app.signIn())
  await page.waitForURL(`${site.url}/callback*`)
}

const clients: PageClient[] = ['fetch', 'axios', 'ky']

test.each(clients)(
  'a page signs in, and goes on over an expiry with 30 requests, %s',
  async (client) => {
    const page = await openTab()
    await comeBack(page)
    expect(await page.evaluate(() => window.app.finish())).toBe('signed in')
    server.expireAccessTokens()
    const ask = () => page.evaluate((name) => window.app.ask(name, 30), client)
    expect(await ask()).toEqual([200])
    expect(server.noticed).toEqual({ consumed: 1, revoked: 0, refused: [] })
    await page.goto(site.url)
    expect(await ask()).toEqual([200])
    await page.context().close()
  },
)

test('a page that is loaded again does not end the sign-in twice', async () => {
  const page = await openTab()
  await comeBack(page)
  expect(await page.evaluate(() => window.app.finish())).toBe('signed in')
  await page.reload()
  expect(await page.evaluate(() => window.app.finish())).toBe('ERR_SIGN_IN_NOT_STARTED')
  expect(await page.evaluate(() => window.app.ask('fetch', 1))).toEqual([200])
  await page.context().close()
})

test("another tab cannot end this tab's sign-in", async () => {
  const page = await openTab()
  await comeBack(page)
  const other = await page.context().newPage()
  await other.goto(page.url())
  expect(await other.evaluate(() => window.app.finish())).toBe('ERR_SIGN_IN_NOT_STARTED')
  await page.context().close()
})

test.each(clients)('a page has a key that no script can take away, %s', async (client) => {
  const page = await openTab(binding)
  await comeBack(page)
  expect(await page.evaluate(() => window.app.finish())).toBe('signed in')
  const ask = (from: Page) => from.evaluate((name) => window.app.ask(name, 30), client)
  expect(await ask(page)).toEqual([200])
  binding.expireAccessTokens()
  expect(await ask(page)).toEqual([200])
  expect(await page.evaluate(() => window.app.stealKeys())).toEqual(['InvalidAccessError'])
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('dpopKey')
  const other = await page.context().newPage()
  await other.goto(site.url)
  binding.expireAccessTokens()
  expect(await ask(other)).toEqual([200])
  expect(binding.noticed).toMatchObject({ consumed: 2, revoked: 0 })
  await page.context().close()
})
