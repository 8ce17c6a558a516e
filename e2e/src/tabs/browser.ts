import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { build } from 'vite'
import config from '../../../vitest.config.ts'

/** A host that is this machine and that Chromium does not know as such: its pages are no secure context. */
export const INSECURE_HOST = 'app.test'

/** Debian's Chromium, or the one at CHROMIUM_PATH. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
    ],
  })
}

/** The script at `entry` as a page loads it, made from the packages' sources. */
export async function bundlePage(entry: URL): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: config.resolve?.alias ?? [] },
    build: {
      write: false,
      minify: false,
      lib: {
        entry: fileURLToPath(entry),
        formats: ['iife'],
        name: 'page',
      },
    },
  })
  const [bundle] = Array.isArray(built) ? built : []
  const [chunk] = bundle?.output ?? []
  if (!chunk) throw new Error(`vite made nothing of ${entry}`)
  return chunk.code
}
