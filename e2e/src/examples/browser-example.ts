import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type RunningExample, startExample } from './running-example.ts'

export type { RunningExample } from './running-example.ts'

export const startBrowserExample = () => startExample('browser')

/** Somebody with the page open in three tabs, of which the first has signed in. */
export async function openThreeTabs(
  browser: Browser,
  { url }: RunningExample,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ context: BrowserContext; tabs: [Page, Page, Page] }> {
  const context = await browser.newContext(options)
  const first = await context.newPage()
  await first.goto(url)
  await press(first, 'Sign in')
  await first.getByText('signed in').waitFor()
  const second = await openFrom(first)
  const third = await openFrom(first)
  await first.locator('svg text', { hasText: 'tab 3' }).waitFor()
  return { context, tabs: [first, second, third] }
}

async function openFrom(page: Page): Promise<Page> {
  const [opened] = await Promise.all([page.waitForEvent('popup'), press(page, 'Open a tab')])
  await opened.getByText('signed in').waitFor()
  return opened
}

export function press(page: Page, name: string): Promise<void> {
  return page.getByRole('button', { name }).click()
}
