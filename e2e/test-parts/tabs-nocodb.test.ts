import { createNocoDBDouble, type NocoDBDouble } from '@latchkey/testing'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { bundlePage, launchChromium } from '../src/tabs/browser.ts'
import { forwardTo, serve } from '../test/support/forward.ts'

const email = 'ada@example.com'

const pageScript = new URL('../src/tabs/nocodb-page.ts', import.meta.url)

let browser: Browser
let script: string
let double: NocoDBDouble
let nocodb: ListeningServer
let site: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  ;[browser, script] = await Promise.all([launchChromium(), bundlePage(pageScript)])
})
beforeEach(async () => {
  double = createNocoDBDouble()
  double.control.addUser({ email, password: 'correct horse' })
  nocodb = await listen(double)
  const toNocoDB = forwardTo(nocodb.url)
  site = await serve((request, response) => {
    if (request.url?.startsWith('/api/')) return toNocoDB(request, response)
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><title>tab</title><script>${script}</script>`)
  })
})
afterEach(() => Promise.all([site.close(), nocodb.close()]))
afterAll(() => browser.close())

const ask = (tab: Page) => tab.evaluate(() => window.tab.ask())

test('three tabs of a page on NocoDB’s origin renew once for each expiry, with no password in any of them', async () => {
  const context = await browser.newContext()
  const tabs = await Promise.all([context.newPage(), context.newPage(), context.newPage()])
  for (const tab of tabs) await tab.goto(site.url)
  await tabs[0].evaluate(() => window.tab.signIn('ada'))
  const all = tabs.map(() => Array.from({ length: 5 }, () => email))
  await expect.poll(() => Promise.all(tabs.map(ask))).toEqual(all)
  for (let expiry = 1; expiry <= 20; expiry += 1) {
    double.control.passTime(36_000_000) // and so no two access tokens are alike
    expect(await Promise.all(tabs.map(ask))).toEqual(all)
    expect(double.control.counts()).toMatchObject({ renewals: expiry, rejectedRenewals: 0 })
  }
  expect(double.control.counts().signIns).toBe(1)
  await tabs[1].evaluate(() => window.tab.signOut())
  for (const tab of [tabs[0], tabs[2]]) {
    await expect
      .poll(() => tab.evaluate(() => window.tab.events))
      .toContain('signed out: elsewhere')
  }
  await context.close()
})
