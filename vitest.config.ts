import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'

const browserServer = fileURLToPath(new URL('e2e/browser-server.ts', import.meta.url))
const packages = fileURLToPath(new URL('packages', import.meta.url))

/** `.ci/run` adds up the results from the file named here. */
const report = process.env.LATCHKEY_REPORT

const node: TestProjectConfiguration = {
  extends: true,
  test: {
    name: 'node',
    testTimeout: 20_000, // nothing asserts a duration: a busy machine may take its time
    include: [
      'packages/*/test/**/*.test.ts',
      'e2e/test/**/*.test.ts',
      'examples/test/**/*.test.ts',
      'bench/test/**/*.test.ts',
    ],
  },
}

const types: TestProjectConfiguration = {
  extends: true,
  test: {
    name: 'types',
    include: [],
    typecheck: { enabled: true, only: true, include: ['packages/*/test-d/**/*.test-d.ts'] },
  },
}

/** Against the real server: the first run installs it, and one server is enough at a time. */
const nocodb: TestProjectConfiguration = {
  extends: true,
  test: {
    name: 'nocodb',
    include: ['e2e/test-nocodb/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 900_000,
  },
}

/** Against Redis, a keychain, full disks, tabs of Chromium, plumber (what Debian's packages bring), a registry, servers from npm. */
const parts: TestProjectConfiguration = {
  extends: true,
  test: {
    name: 'parts',
    include: ['e2e/test-parts/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
}

/** In other runtimes, which come from the registry the first time. */
const runtimes: TestProjectConfiguration = {
  extends: true,
  test: {
    name: 'runtimes',
    include: ['e2e/test-runtimes/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
}

const browser: TestProjectConfiguration = {
  extends: true,
  // A dependency found only during a test would reload the page in the middle of it.
  optimizeDeps: { entries: ['packages/*/src/index.ts', 'packages/*/test-browser/**/*.ts'] },
  test: {
    name: 'browser',
    include: ['packages/*/test-browser/**/*.test.ts'],
    globalSetup: existsSync(browserServer) ? [browserServer] : [],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: 'chromium' }],
      provider: playwright({
        launchOptions: {
          executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
          args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--no-first-run',
          ],
        },
      }),
    },
  },
}

/** Nobody who did not ask for it needs a browser, or reads a warning about testing types. */
const extras = Object.entries({ types, browser })
  .filter(([name]) => process.argv.includes(name) || process.argv.includes(`--project=${name}`))
  .map(([, project]) => project)

export default defineConfig({
  resolve: {
    // Tests run on the source: no build in between, and errors point at the line that was written.
    alias: [
      {
        find: /^@latchkey\/(core|fetch|axios|ky|nocodb|oauth|jwt|powerauth|testing|timeline)$/,
        replacement: `${packages}/$1/src/index.ts`,
      },
      {
        find: /^@latchkey\/(core|testing|stores|oauth|jwt|powerauth|timeline)\/([a-z-]+)$/,
        replacement: `${packages}/$1/src/$2.ts`,
      },
    ],
  },
  test: {
    // The cases of a contract mostly wait, and so do tests that start a program.
    maxConcurrency: 10,
    maxWorkers: '100%',
    coverage: { provider: 'v8', include: ['packages/*/src/**'] },
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [node, nocodb, parts, runtimes, ...extras],
  },
})
