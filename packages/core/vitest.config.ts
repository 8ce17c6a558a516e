import { defineConfig } from 'vitest/config'

/** What mutants are run against: all of core's tests but the random one, which takes most of the time. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interleavings.test.ts', 'test/soak.test.ts'],
  },
})
