import { createNocoDBDouble } from '@latchkey/testing'
import { type ListeningServer, listen } from '@latchkey/testing/node'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { press } from '../src/examples/browser-example.ts'
import { type RunningExample, startExample } from '../src/examples/running-example.ts'
import { launchChromium } from '../src/tabs/browser.ts'

const users = ['ada', 'grace'].map((name) => ({
  email: `${name}@example.com`,
  password: `CANARY-7f3a-${name}`,
}))

let browser: Browser
let contexts: BrowserContext[] = []
let noco: ListeningServer
let example: RunningExample
const double = createNocoDBDouble()
const { control } = double
for (const user of users) control.addUser(user)

beforeAll(async () => {
  browser = await launchChromium()
  noco = await listen(double)
})
beforeEach(async () => {
  control.resetCounts()
  example = await startExample('server-rendered', { NOCODB_URL: noco.url })
})
afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()))
  contexts = []
  example.stop()
})
afterAll(async () => {
  await browser.close()
  await noco.close()
})

/** A browser of this user's, signed in by the form. */
async function visit({ email, password }: { email: string; password: string }): Promise<Page> {
  const context = await browser.newContext()
  contexts.push(context)
  const page = await context.newPage()
  await page.goto(example.url)
  await page.locator('[name=email]').fill(email)
  await page.locator('[name=password]').fill(password)
  await press(page, 'Sign in')
  await page.getByText(`Signed in as ${email}`).waitFor()
  return page
}

test('two visitors in real browsers stay themselves across an expiry, and one signs out alone', async () => {
  const [ada, grace] = await Promise.all(users.map(visit))
  if (!ada || !grace) throw new Error('There are two users.')
  for (const { email } of users) control.revokeAccessTokens(email)
  await Promise.all([ada.reload(), grace.reload()])
  expect(await ada.locator('b').textContent()).toBe('ada@example.com')
  expect(await grace.locator('b').textContent()).toBe('grace@example.com')
  await press(ada, 'Sign out')
  await ada.getByRole('button', { name: 'Sign in' }).waitFor()
  await Promise.all([ada.goto(example.url), grace.reload()])
  expect(await ada.locator('b').count()).toBe(0)
  expect(await grace.locator('b').textContent()).toBe('grace@example.com')
  expect(control.counts()).toMatchObject({ signIns: 2, renewals: 2, signOuts: 1 })
})

test('the browser keeps the session from the page’s scripts', async () => {
  const page = await visit(users[0] ?? { email: '', password: '' })
  expect(await page.evaluate(() => document.cookie)).toBe('')
  const [cookie, ...more] = await page.context().cookies()
  expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax' })
  expect(more).toEqual([])
})
