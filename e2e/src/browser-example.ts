import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'

const main = fileURLToPath(new URL('../../examples/browser/src/main.ts', import.meta.url))

export interface RunningExample {
  url: string
  stop(): void
}

/** `examples/browser` as its README starts it, on a free port. */
export async function startBrowserExample(): Promise<RunningExample> {
  const env = { ...process.env, PORT: '0' }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\/\/\S+/.exec(line)?.[0]
    if (url) return { url, stop: () => void child.kill() }
  }
  throw new Error('examples/browser ended before it listened')
}

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
