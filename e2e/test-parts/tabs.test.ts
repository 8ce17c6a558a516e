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

async function openTab(query = ''): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${server.url}/${query}`)
  return page
}

/** Three tabs of one page, all signed in as Ada. `others`: the query of the second and third. */
async function threeTabs(others = ''): Promise<[Page, Page, Page]> {
  const tabs = await Promise.all([openTab(), openTab(others), openTab(others)])
  await tabs[0].evaluate(() => window.tab.signIn('ada'))
  for (const tab of tabs) await expect.poll(() => ask(tab, 1)).toEqual(['ada'])
  return tabs
}

const ask = (tab: Page, times = 5) => tab.evaluate((many) => window.tab.ask(many), times)

const eventsOf = (tab: Page) => tab.evaluate(() => window.tab.events)

async function allEvents(tabs: Page[]): Promise<string[]> {
  return (await Promise.all(tabs.map(eventsOf))).flat()
}

const five = (what: string) => Array.from({ length: 5 }, () => what)

test('three tabs renew once for each expiry, and present no refresh token twice', async () => {
  const tabs = await threeTabs()
  for (let expiry = 1; expiry <= 60; expiry += 1) {
    server.authority.expireAll()
    expect(await Promise.all(tabs.map((tab) => ask(tab)))).toEqual(tabs.map(() => five('ada')))
    expect(server.authority.counts).toEqual({ renewals: expiry, spentAgain: 0 })
  }
  expect(await allEvents(tabs)).toEqual(Array.from({ length: 60 }, () => 'renewed'))
})

test('across real expiries every renewal is one generation for all tabs', async () => {
  server.authority.lifeMs = 2_000
  const tabs = await threeTabs()
  await Promise.all(tabs.map((tab) => tab.evaluate(() => window.tab.keepAsking())))
  await expect
    .poll(() => server.authority.counts.renewals, { timeout: 60_000 })
    .toBeGreaterThanOrEqual(4)
  const got = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.tab.stopAsking())))
  expect(got).toEqual([['ada'], ['ada'], ['ada']])
  const { renewals, spentAgain } = server.authority.counts
  expect(spentAgain).toBe(0)
  expect(await allEvents(tabs)).toEqual(Array.from({ length: renewals }, () => 'renewed'))
})

test('a tab that is closed in the middle of a renewal leaves it to another, and nobody is signed out', async () => {
  const [first, ...others] = await threeTabs()
  server.authority.expireAll()
  const held = server.authority.holdRenewals()
  void first.evaluate(() => window.tab.refresh()).catch(() => undefined)
  await held.whenWaiting
  const asked = Promise.all(others.map((tab) => ask(tab)))
  await first.close()
  await held.whenGone
  held.release()
  expect(await asked).toEqual([five('ada'), five('ada')])
  expect(server.authority.counts).toEqual({ renewals: 1, spentAgain: 0 })
  expect(await allEvents(others)).toEqual(['renewed'])
})

/**
 * Stops a tab at the next statement that it would run. Chromium freezes only tabs that are hidden, and without a window
 * none is: its own command to freeze one is answered, and does nothing.
 *
 * @returns When it stands still, and how to let it go on.
 */
async function freeze(tab: Page) {
  const session = await context.newCDPSession(tab)
  await session.send('Debugger.enable')
  const whenFrozen = new Promise((resolve) => void session.once('Debugger.paused', resolve))
  await session.send('Debugger.pause')
  return { whenFrozen, wake: () => session.send('Debugger.resume') }
}

test('while a tab is frozen in the middle of a renewal the others use their token, keep their session, and go on once it wakes', async () => {
  // The first one keeps its lock until it is frozen, however long that takes on a busy machine.
  const [first, ...others] = await threeTabs('?renewTimeoutMs=1000')
  const held = server.authority.holdRenewals()
  void first.evaluate(() => window.tab.refresh()).catch(() => undefined)
  await held.whenWaiting
  const { whenFrozen, wake } = await freeze(first)
  expect(await Promise.all(others.map((tab) => ask(tab)))).toEqual([five('ada'), five('ada')])
  held.release()
  await whenFrozen
  await expect.poll(() => server.authority.counts.renewals).toBe(1)
  server.authority.expireAll()
  // The frozen tab has the lock, and nobody else may present the refresh token.
  expect(await Promise.all(others.map((tab) => ask(tab)))).toEqual([five('401'), five('401')])
  await wake()
  for (const tab of others)
    await expect.poll(() => ask(tab, 1), { timeout: 20_000 }).toEqual(['ada'])
  expect(await allEvents(others)).not.toContain(expect.stringContaining('signed out'))
  expect(server.authority.counts.spentAgain).toBe(0)
})

test('a sign-in as somebody else and a sign-out in one tab are seen in the others', async () => {
  const tabs = await threeTabs()
  const [first, second, third] = tabs
  await first.evaluate(() => window.tab.signIn('ben'))
  for (const tab of [second, third]) await expect.poll(() => ask(tab, 1)).toEqual(['ben'])
  await second.evaluate(() => window.tab.signOut())
  for (const tab of [first, third]) {
    await expect.poll(() => eventsOf(tab)).toEqual(['signed out: elsewhere'])
    expect(await ask(tab, 1)).toEqual(['ERR_SIGN_IN_REQUIRED'])
  }
  expect(await first.evaluate(() => localStorage.length)).toBe(0)
})

test('a sign-out in one tab wins over a renewal that comes back in another', async () => {
  const [first, second] = await threeTabs()
  const held = server.authority.holdRenewals()
  const renewing = first.evaluate(() => window.tab.refresh())
  await held.whenWaiting
  await second.evaluate(() => window.tab.signOut())
  await expect.poll(() => first.evaluate(() => localStorage.length)).toBe(0)
  held.release()
  expect(await renewing).toBe('ERR_SESSION_CHANGED')
  expect(await first.evaluate(() => localStorage.length)).toBe(0)
  expect(await eventsOf(first)).toEqual(['signed out: elsewhere'])
})

test('a page that may use neither storage nor locks works in memory, and says so once', async () => {
  const tab = await openTab('?sandboxed')
  await tab.evaluate(() => window.tab.signIn('ada'))
  for (let expiry = 1; expiry <= 3; expiry += 1) {
    server.authority.expireAll()
    expect(await ask(tab)).toEqual(five('ada'))
  }
  expect(server.authority.counts).toEqual({ renewals: 3, spentAgain: 0 })
  expect(new Set(await eventsOf(tab))).toEqual(
    new Set([
      'store failed: set ERR_STORE_DENIED',
      'store failed: get ERR_STORE_DENIED',
      'renewed',
    ]),
  )
})

test('on an insecure origin, without navigator.locks, tabs may renew at once, and the losers take over what the winner got', async () => {
  server.authority.strict = false
  server.url = server.url.replace('127.0.0.1', INSECURE_HOST)
  const tabs = await threeTabs()
  expect(await tabs[0].evaluate(() => navigator.locks)).toBeUndefined()
  for (let expiry = 1; expiry <= 5; expiry += 1) {
    server.authority.expireAll()
    expect(await Promise.all(tabs.map((tab) => ask(tab)))).toEqual(tabs.map(() => five('ada')))
  }
  expect(await allEvents(tabs)).not.toContain(expect.stringContaining('signed out'))
})

test('a lock that is never freed costs a time limit, and no session', async () => {
  const [first, second] = await threeTabs('?renewTimeoutMs=500')
  await first.evaluate(() => {
    const name = `latchkey:tabs:${location.origin}`
    return new Promise<void>((entered) => {
      void navigator.locks.request(name, () => {
        entered()
        return new Promise<void>(() => undefined)
      })
    })
  })
  const failed = await second.evaluate(() => window.tab.refresh())
  expect(failed).toBe('ERR_RENEWAL_TIMEOUT')
  expect(await ask(second)).toEqual(five('ada'))
  await first.close()
  await second.evaluate(() => window.tab.refresh())
  expect(await ask(second)).toEqual(five('ada'))
  expect(server.authority.counts).toEqual({ renewals: 1, spentAgain: 0 })
})
