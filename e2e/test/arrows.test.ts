import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const outOfPackages = ['@latchkey/e2e', '@latchkey/bench', 'demo', 'example-ky']
const intoAnotherPackage = [
  '../../other/src/index.ts',
  '../../../other/dist/index.js',
  '../../../e2e/conformance/a.ts',
]

/** One specifier of every kind, for every file to try. */
const everything = [
  '@latchkey/core',
  '@latchkey/fetch',
  '@latchkey/axios',
  '@latchkey/ky',
  '@latchkey/nocodb',
  '@latchkey/oauth',
  '@latchkey/jwt',
  '@latchkey/stores/file',
  '@latchkey/testing',
  '@latchkey/testing/node',
  '@latchkey/timeline',
  'jwt-decode',
  'p-retry',
  'cookie',
  'oauth4webapi',
  'open',
  '@noble/hashes/sha3-addons.js',
  '@napi-rs/keyring',
  'redis',
  'commander',
  'picocolors',
  '@opentelemetry/api',
  '@clack/prompts',
  'axios',
  'ky',
  'hono',
  'hono/cookie',
  '@hono/node-server',
  'msw',
  'vitest',
  'node:fs',
  'fs',
  './b.ts',
  '../b.ts',
  ...outOfPackages,
  ...intoAnotherPackage,
]

/** The arrows, spelled out a second time: to change one, change it here too. */
const allowed: Record<string, string[]> = {
  'core/src/a.ts': ['jwt-decode', 'p-retry'],
  'fetch/src/a.ts': ['@latchkey/core'],
  'axios/src/a.ts': ['@latchkey/core', 'axios'],
  'ky/src/a.ts': ['@latchkey/core', 'ky'],
  'nocodb/src/a.ts': ['@latchkey/core', 'jwt-decode'],
  'oauth/src/a.ts': ['@latchkey/core', 'oauth4webapi'],
  'oauth/src/loopback/a.ts': ['@latchkey/core', 'oauth4webapi', 'open', 'node:fs'],
  'jwt/src/a.ts': ['@latchkey/core', 'cookie'],
  'powerauth/src/a.ts': ['@latchkey/core'],
  'powerauth/src/kmac.ts': ['@latchkey/core', '@noble/hashes/sha3-addons.js'],
  'stores/src/a.ts': ['@noble/hashes/sha3-addons.js', 'cookie', 'node:fs'],
  'cli/src/a.ts': [
    '@latchkey/core',
    '@latchkey/fetch',
    '@latchkey/nocodb',
    '@latchkey/oauth',
    '@latchkey/oauth/node',
    '@latchkey/jwt',
    '@latchkey/stores/file',
    'jwt-decode',
    'commander',
    '@clack/prompts',
    'node:fs',
  ],
  'timeline/src/a.ts': ['@latchkey/core', 'picocolors'],
  'timeline/src/metrics.ts': ['@latchkey/core', '@opentelemetry/api', 'node:fs'],
  'timeline/src/spans.ts': ['@latchkey/core', '@opentelemetry/api', 'node:fs'],
  'testing/src/a.ts': ['@latchkey/core', 'hono', 'hono/cookie'],
  'testing/src/node.ts': [
    '@latchkey/core',
    'hono',
    'hono/cookie',
    'msw',
    '@hono/node-server',
    'node:fs',
  ],
}

let folder: string

/** What the linter says about files that import each of the specifiers: those it refuses, by file. */
function refusedImports(files: Record<string, string[]>): Map<string, Set<string>> {
  cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  for (const [file, specifiers] of Object.entries(files)) {
    const path = join(folder, 'packages', file)
    mkdirSync(dirname(path), { recursive: true })
    const lines = specifiers.map((specifier, i) => `export { a${i} } from '${specifier}'\n`)
    writeFileSync(path, lines.join(''))
  }
  const bin = join(root, 'node_modules', '.bin')
  const { stdout } = spawnSync('oxlint', ['--format=json'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) },
    shell: process.platform === 'win32',
  })
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; filename: string; message: string }[]
  }
  const refused = new Map(Object.keys(files).map((file) => [file, new Set<string>()]))
  for (const { code, filename, message } of diagnostics) {
    if (code !== 'eslint(no-restricted-imports)') continue
    const file = filename.replaceAll('\\', '/').replace(/^.*?packages\//, '')
    refused.get(file)?.add(message.split("'")[1] ?? message)
  }
  return refused
}

describe('the linter refuses an import against the arrows', () => {
  let refused: Map<string, Set<string>>

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey arrows '))
    const sources = Object.keys(allowed).map((file) => [file, everything])
    refused = refusedImports({
      ...(Object.fromEntries(sources) as Record<string, string[]>),
      'core/test/a.test.ts': everything,
    })
  }, 60_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(Object.entries(allowed))('%s imports nothing but %j and itself', (file, specifiers) => {
    const own = ['./b.ts', '../b.ts', ...specifiers]
    const expected = everything.filter((specifier) => !own.includes(specifier))
    expect([...(refused.get(file) ?? [])].toSorted()).toEqual(expected.toSorted())
  })

  it('tests of a package import what they like, but nothing that is built on packages', () => {
    const expected = [...outOfPackages, ...intoAnotherPackage].toSorted()
    expect([...(refused.get('core/test/a.test.ts') ?? [])].toSorted()).toEqual(expected)
  })
})

describe('what package.json asks for follows the arrows', () => {
  const dependencies: Record<string, string[]> = {
    core: ['jwt-decode', 'p-retry'],
    fetch: ['@latchkey/core'],
    axios: ['@latchkey/core', 'axios'],
    ky: ['@latchkey/core', 'ky'],
    nocodb: ['@latchkey/core', 'jwt-decode'],
    oauth: ['@latchkey/core', 'oauth4webapi', 'open'],
    jwt: ['@latchkey/core', 'cookie'],
    powerauth: ['@latchkey/core', '@noble/hashes'],
    stores: ['@latchkey/core', '@napi-rs/keyring', '@noble/hashes', 'cookie', 'redis'],
    cli: [
      '@bomb.sh/tab',
      '@clack/prompts',
      '@latchkey/core',
      '@latchkey/fetch',
      '@latchkey/jwt',
      '@latchkey/nocodb',
      '@latchkey/oauth',
      '@latchkey/stores',
      '@napi-rs/keyring',
      'commander',
      'jwt-decode',
    ],
    timeline: ['@latchkey/core', '@opentelemetry/api', 'picocolors'],
    testing: ['@hono/node-server', '@latchkey/core', 'hono', 'msw'],
  }

  it('every package has its arrows listed here', () => {
    const names = readdirSync(join(root, 'packages'))
    expect(names.toSorted()).toEqual(Object.keys(dependencies).toSorted())
  })

  it.each(Object.entries(dependencies))('%s depends on %j', (name, expected) => {
    const file = join(root, 'packages', name, 'package.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, object | undefined>
    const asked = [manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies]
    expect(asked.flatMap((list) => Object.keys(list ?? {})).toSorted()).toEqual(expected)
    expect(Object.keys(manifest.devDependencies ?? {})).not.toContain('@latchkey/e2e')
  })
})
