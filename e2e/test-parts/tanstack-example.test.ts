import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { press } from '../src/examples/browser-example.ts'
import { type RunningExample, startExample } from '../src/examples/running-example.ts'
import { launchChromium } from '../src/tabs/browser.ts'

let browser: Browser
let example: RunningExample
let context: BrowserContext
let page: Page
const errors: string[] = []

/** A busy machine takes its time. */
const patient = { timeout: 30_000 }

beforeAll(async () => {
  browser = await launchChromium()
})
beforeEach(async () => {
  example = await startExample('tanstack-query')
  context = await browser.newContext()
  page = await open()
  await press(page, 'Sign in')
  await shown(page, 20)
})
afterEach(async () => {
  await context.close()
  example.stop()
  if (errors.length > 0) throw new Error(errors.join('\n'))
})
afterAll(() => browser.close())

async function open(): Promise<Page> {
  const opened = await context.newPage()
  opened.on('pageerror', ({ message }) => errors.push(message))
  await opened.goto(example.url)
  return opened
}

/** Waits until so many bases are there, and each of them has its tables. */
async function shown(on: Page, count: number): Promise<void> {
  await expect.poll(() => on.locator('li').count(), patient).toBe(count)
  await expect.poll(() => on.locator('li', { hasText: '…' }).count(), patient).toBe(0)
}

const counts = async () => (await fetch(new URL('/admin/counts', example.url))).json()

/** How many questions the server has answered, other than by 401. */
async function answered(): Promise<number> {
  const { dataRequests, unauthorized } = await counts()
  return dataRequests - unauthorized
}

test('a page of queries whose token is refused takes one renewal, and shows no error', async () => {
  const before = await answered()
  const refused = page.waitForResponse('**/admin/refuse-tokens')
  await press(page, 'Let the server refuse the token')
  await refused
  await press(page, 'Ask again')
  await expect.poll(answered, patient).toBe(before + 21)
  await shown(page, 20)
  expect(await page.getByRole('alert').count()).toBe(0)
  expect(await counts()).toMatchObject({ signIns: 1, renewals: 1, rejectedRenewals: 0 })
})

test('a sign-out in one tab takes the data off the page in both', async () => {
  const other = await open()
  await shown(other, 20)
  await press(page, 'Sign out')
  for (const tab of [page, other]) {
    await tab.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(await tab.getByText('Notes').count()).toBe(0)
  }
  expect((await counts()).signIns).toBe(1)
})

test('a wrong password is told, once, and the right one goes on', async () => {
  await press(page, 'Sign out')
  await page.locator('[name=password]').fill('CANARY-7f3a-wrong')
  await press(page, 'Sign in')
  await page.getByRole('alert').waitFor()
  expect((await counts()).rejectedSignIns).toBe(1)
  await page.locator('[name=password]').fill('correct horse')
  await press(page, 'Sign in')
  await shown(page, 20)
})
