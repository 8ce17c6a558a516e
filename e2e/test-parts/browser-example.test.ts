import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  openThreeTabs,
  press,
  type RunningExample,
  startBrowserExample,
} from '../src/examples/browser-example.ts'
import { launchChromium } from '../src/tabs/browser.ts'

let browser: Browser
let example: RunningExample
let context: BrowserContext
let tabs: [Page, Page, Page]
const errors: string[] = []

beforeAll(async () => {
  browser = await launchChromium()
})
beforeEach(async () => {
  example = await startBrowserExample()
  ;({ context, tabs } = await openThreeTabs(browser, example))
  errors.length = 0
  for (const tab of tabs) tab.on('pageerror', ({ message }) => errors.push(message))
})
afterEach(async () => {
  await context.close()
  example.stop()
  if (errors.length > 0) throw new Error(errors.join('\n'))
})
afterAll(() => browser.close())

const status = (tab: Page) => tab.locator('#status').textContent()
const counts = (tab: Page) => tab.locator('#counts').textContent()
const drawn = (tab: Page, kind: string) => tab.locator(`svg .lanes rect.${kind}`).count()

test('one renewal serves the requests of all three tabs, and each tab draws all of it', async () => {
  const [first, second] = tabs
  await press(first, 'Let the server refuse the token')
  await press(second, 'Ask in all tabs')
  await expect.poll(() => drawn(first, 'again')).toBe(9)
  for (const tab of tabs) {
    await expect.poll(() => drawn(tab, 'again')).toBe(9)
    expect(await drawn(tab, 'renewed')).toBe(1)
    expect(await status(tab)).toBe('signed in')
  }
  await expect.poll(() => counts(second)).toContain('sign-ins 1, renewals 1, answers 401 6')
})

test('a sign-out in one tab ends the session in all of them', async () => {
  const [first, second, third] = tabs
  await press(third, 'Ask in all tabs')
  await expect.poll(() => drawn(first, 'flight')).toBeGreaterThanOrEqual(9)
  await press(second, 'Sign out everywhere')
  await expect.poll(() => status(second)).toBe('signed out (signOut)')
  for (const tab of [first, third]) {
    await expect.poll(() => status(tab)).toBe('signed out (elsewhere)')
  }
  await expect.poll(() => first.locator('svg circle.signedOut').count()).toBe(3)
  await press(first, 'Ask in all tabs')
  for (const tab of tabs) await expect.poll(() => status(tab)).toBe('ERR_SIGN_IN_REQUIRED')
})

test('nothing that a tab shows or sends to the others holds a token', async () => {
  const [first, second] = tabs
  const heard = await second.evaluateHandle(() => {
    const messages: unknown[] = []
    const channel = new BroadcastChannel('three-tabs')
    channel.addEventListener('message', ({ data }) => void messages.push(data))
    return messages
  })
  await press(first, 'Ask in all tabs')
  await expect.poll(() => heard.evaluate((all) => all.length)).toBeGreaterThan(9)
  const { stored, said } = await second.evaluate(
    (messages) => ({
      stored: Object.values(localStorage).join(),
      said: JSON.stringify(messages) + document.documentElement.outerHTML,
    }),
    heard,
  )
  const [token = ''] = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(stored) ?? []
  expect(token.length).toBeGreaterThan(50)
  expect(said).not.toContain(token)
  expect(said).not.toContain('eyJ')
})
