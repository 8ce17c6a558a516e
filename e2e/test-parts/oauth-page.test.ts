import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { PageClient } from '../src/oauth-page.ts'
import { type OAuthServer, startOAuthServer } from '../src/oauth-server.ts'
import { bundlePage, launchChromium } from '../src/tabs-browser.ts'
import { serve } from '../test/support/forward.ts'

let server: OAuthServer
let browser: Browser
let site: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  const [started, launched, script] = await Promise.all([
    startOAuthServer(),
    launchChromium(),
    bundlePage(new URL('../src/oauth-page.ts', import.meta.url)),
  ])
  server = started
  browser = launched
  site = await serve((request, response) => {
    const isScript = request.url === '/page.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(isScript ? script : '<!doctype html><script src="/page.js"></script>')
  })
})
afterAll(() => Promise.all([browser.close(), site.close(), server.close()]))
beforeEach(() => {
  Object.assign(server.noticed, { consumed: 0, revoked: 0, refused: [] })
})

/** A tab that knows its server, before anybody has signed in. */
async function openTab(): Promise<Page> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await context.addInitScript((issuer) => sessionStorage.setItem('issuer', issuer), server.url)
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
