/**
 * Makes the pictures of the README anew: `node e2e/src/docs/readme-pictures.ts`, with the packages built.
 * They are of real runs, so every time is another one.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createTimeline, type Timeline } from '@latchkey/timeline'
import { runDemo } from '../../../examples/demo/src/run.ts'
import { createScreen } from '../../../examples/demo/src/screen.ts'
import { openDouble } from '../../../examples/demo/src/targets/double.ts'
import { openThreeTabs, press, startBrowserExample } from '../examples/browser-example.ts'
import { launchChromium } from '../tabs/browser.ts'

const images = new URL('../../../docs/images/', import.meta.url)
const DEMO_SECONDS = 6

/** The table's id tells a reader nothing. */
const showUrl = ({ origin, pathname }: URL) => origin + pathname.replace(/tables\/\w+/, 'tables/…')

/** Three clients on one session: the demo, as its timeline saw it. */
async function pictureOfTheDemo(): Promise<void> {
  const target = await openDouble()
  let timeline: Timeline | undefined
  try {
    const screen = createScreen({ write: () => undefined }, {})
    const { signal } = new AbortController()
    const connect: typeof target.connect = (options) => {
      const manager = target.connect(options)
      timeline = createTimeline(manager, { showUrl })
      return manager
    }
    await runDemo({ ...target, connect }, { seconds: DEMO_SECONDS, screen, signal })
  } finally {
    await target.close()
  }
  if (timeline) writeFileSync(new URL('demo-timeline.svg', images), timeline.toSVG())
}

/** One renewal serves the requests of three tabs: the example in Chromium. */
async function pictureOfThreeTabs(): Promise<void> {
  const [browser, example] = await Promise.all([launchChromium(), startBrowserExample()])
  try {
    const viewport = { width: 1060, height: 640 }
    const { tabs } = await openThreeTabs(browser, example, { viewport })
    const [first, second] = tabs
    await press(first, 'Let the server refuse the token')
    await press(second, 'Ask in all tabs')
    await second.locator('svg .lanes rect.again').nth(8).waitFor()
    await second.getByText('renewals 1').waitFor()
    await second.screenshot({ path: fileURLToPath(new URL('three-tabs.png', images)) })
  } finally {
    example.stop()
    await browser.close()
  }
}

mkdirSync(images, { recursive: true })
await pictureOfTheDemo()
await pictureOfThreeTabs()
