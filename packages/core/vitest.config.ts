import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Stryker copies core to a folder below its own; the other packages are where they always are. */
const [packages] = /^.*[/\\]packages[/\\]/.exec(fileURLToPath(import.meta.url)) ?? ['']
const source = (file: string) => fileURLToPath(new URL(`src/${file}`, import.meta.url))

/**
 * What mutants are run against: all of core's tests but the random ones, which take most of the time, and
 * the tests of fetch, which is nothing but core's loop with real requests.
 */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@latchkey\/core$/, replacement: source('index.ts') },
      { find: /^@latchkey\/core\/(adapter|service)$/, replacement: source('$1.ts') },
      { find: '@latchkey/fetch', replacement: `${packages}fetch/src/index.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts', `${packages}fetch/test/**/*.test.ts`],
    exclude: ['test/interleavings.test.ts', 'test/soak.test.ts'],
  },
})
