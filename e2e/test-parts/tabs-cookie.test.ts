import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { bundlePage, INSECURE_HOST, launchChromium } from '../src/tabs/browser.ts'
import { serveTabs, type TabsServer } from '../src/tabs/server.ts'

const pageScript = new URL('../src/tabs/page.ts', import.meta.url)

let browser: Browser
let script: string
let server: TabsServer
let context: BrowserContext

beforeAll(async () => {
  ;[browser, script] = await Promise.all([launchChromium(), bundlePage(pageScript)])
})
beforeEach(async () => {
  ;[server, context] = await Promise.all([serveTabs(script), browser.newContext()])
})
afterEach(async () => {
  await Promise.all([context.close(), server.close()])
})
afterAll(() => browser.close())

async function openTab(): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${server.url}/?cookie`)
  return page
}

const signIn = (tab: Page, user: string) => tab.evaluate((who) => window.tab.signIn(who), user)

const ask = (tab: Page) => tab.evaluate(() => window.tab.ask(2))

const eventsOf = (tab: Page) => tab.evaluate(() => window.tab.events)

const cookieName = () => `__Host-latchkey.tabs.${encodeURIComponent(server.url)}`

test.each(['127.0.0.1', 'localhost'])(
  'a cookie that a page writes on http://%s is Secure and SameSite=Strict, of this host alone, and a script’s',
  async (host) => {
    server.url = server.url.replace('127.0.0.1', host)
    const tab = await openTab()
    await signIn(tab, 'ada')
    expect(await context.cookies()).toEqual([
      expect.objectContaining({
        name: cookieName(),
        domain: host, // without a dot in front: not its sub-domains
        path: '/',
        expires: -1, // nobody says when the refresh token ends
        httpOnly: false,
        secure: true,
        sameSite: 'Strict',
      }),
    ])
    await tab.reload()
    expect(await ask(tab)).toEqual(['ada', 'ada'])
    await tab.evaluate(() => window.tab.signOut())
    expect(await context.cookies()).toEqual([])
  },
)

test('a cookie that a server sets is HttpOnly: a page can neither read nor replace it', async () => {
  const tab = await openTab()
  await tab.evaluate(() => fetch('/sign-in-by-server'))
  const before = await context.cookies()
  expect(before).toEqual([
    expect.objectContaining({
      name: cookieName(),
      domain: '127.0.0.1',
      path: '/',
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
    }),
  ])
  expect(await tab.evaluate(() => document.cookie)).toBe('')
  await signIn(tab, 'ben')
  expect(await eventsOf(tab)).toEqual(['store failed: set ERR_STORE_DENIED'])
  expect(await context.cookies()).toEqual(before)
  expect(await ask(tab)).toEqual(['ben', 'ben'])
})

test('on plain http beyond localhost the browser takes no such cookie: the session goes on in memory', async () => {
  server.url = server.url.replace('127.0.0.1', INSECURE_HOST)
  const tab = await openTab()
  await signIn(tab, 'ada')
  expect(await eventsOf(tab)).toEqual(['store failed: set ERR_STORE_DENIED'])
  expect(await context.cookies()).toEqual([])
  expect(await ask(tab)).toEqual(['ada', 'ada'])
})

test('in a sandboxed page, which may use no cookies, the session goes on in memory', async () => {
  const tab = await context.newPage()
  await tab.goto(`${server.url}/?cookie&sandboxed`)
  await signIn(tab, 'ada')
  expect(await eventsOf(tab)).toEqual(['store failed: set ERR_STORE_DENIED'])
  expect(await ask(tab)).toEqual(['ada', 'ada'])
})

test('three tabs that share a cookie renew once for each expiry, and present no refresh token twice', async () => {
  const tabs = await Promise.all([openTab(), openTab(), openTab()])
  await signIn(tabs[0], 'ada')
  for (let expiry = 1; expiry <= 60; expiry += 1) {
    server.authority.expireAll()
    expect(await Promise.all(tabs.map(ask))).toEqual(tabs.map(() => ['ada', 'ada']))
    expect(server.authority.counts).toEqual({ renewals: expiry, spentAgain: 0 })
  }
})
