import { bundleProgram } from './bundle.ts'
import type { runCases } from './cases.ts'
import type { RunningRuntime } from './runtime.ts'
import { launchChromium } from '../tabs/browser.ts'

/** Debian's Chromium, with a page of no server's. */
export async function startChromium(): Promise<RunningRuntime> {
  const browser = await launchChromium()
  const page = await browser.newPage()
  const entry = new URL('page.ts', import.meta.url)
  await page.addScriptTag({ content: await bundleProgram(entry, { format: 'iife' }) })
  return {
    run: (order) =>
      page.evaluate((given) => {
        const { runCases: run } = globalThis as unknown as { runCases: typeof runCases }
        return run(given)
      }, order),
    stop: () => browser.close(),
  }
}
