import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import config, { type Arrow, arrows } from '../../oxlint.config.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A file of each row's, and what it may import: the last row for a place counts. */
const sample = ({ files: [first = ''] }: Arrow): string =>
  first.replace(/\{(\w+),.*\}/, '$1').replace('**', 'a.ts')

const outOfPackages = ['@latchkey/e2e', '@latchkey/bench', 'demo', 'example-ky']
const intoAnotherPackage = [
  '../../other/src/index.ts',
  '../../../other/dist/index.js',
  '../../../e2e/conformance/a.ts',
]

/** One specifier of every kind, for every file to try: all that any row allows, and what none does. */
const everything = [
  ...new Set(arrows.flatMap(({ imports }) => imports)),
  '@latchkey/axios',
  '@latchkey/ky',
  '@latchkey/timeline',
  '@latchkey/testing/node',
  'hono/cookie',
  'fs',
  'vitest',
  '@noble/curves',
  './b.ts',
  '../b.ts',
  ...outOfPackages,
  ...intoAnotherPackage,
].map((specifier) => (specifier === 'node:' ? 'node:fs' : specifier))

const isAllowed = ({ imports, typesOnly = [] }: Arrow, specifier: string) =>
  /^\.\.?\/b\.ts$/.test(specifier) ||
  imports.some((one) => {
    if (typesOnly.includes(one)) return false
    if (one.endsWith(':')) return specifier.startsWith(one)
    return specifier === one || specifier.startsWith(`${one}/`)
  })

let folder: string

/** What the linter says about files that import each of the specifiers: those it refuses, by file. */
function refusedImports(files: Record<string, readonly string[]>): Map<string, Set<string>> {
  const { overrides } = config
  const ofImports = overrides.filter(({ rules }) => 'no-restricted-imports' in rules)
  const own = { categories: { correctness: 'off' }, overrides: ofImports }
  writeFileSync(join(folder, '.oxlintrc.json'), JSON.stringify(own))
  for (const [file, specifiers] of Object.entries(files)) {
    const path = join(folder, file)
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
    const file = filename.replaceAll('\\', '/').replace(/^.*?packages\//, 'packages/')
    refused.get(file)?.add(message.split("'")[1] ?? message)
  }
  return refused
}

describe('the linter refuses an import against the arrows', () => {
  const kernel = 'packages/core/src/kernel/a.ts'
  const wrapper = 'packages/core/src/store/a.ts'
  const test = 'packages/core/test/a.test.ts'
  let refused: Map<string, Set<string>>

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey arrows '))
    refused = refusedImports({
      ...Object.fromEntries(arrows.map((arrow) => [sample(arrow), everything])),
      [test]: everything,
      [kernel]: ['../store/careful-store.ts', '../grant/chain.ts', '../store/token-store.ts'],
      [wrapper]: ['../kernel/session.ts', '../kernel/renewal.ts', '../kernel/authorization.ts'],
    })
  }, 60_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(arrows.map((arrow) => [sample(arrow), arrow] as const))(
    '%s imports nothing but what its row allows',
    (file, arrow) => {
      const expected = everything.filter((specifier) => !isAllowed(arrow, specifier))
      expect([...(refused.get(file) ?? [])].toSorted()).toEqual(expected.toSorted())
    },
  )

  it('the kernel imports no wrapper, and a wrapper no kernel', () => {
    expect([...(refused.get(kernel) ?? [])]).toEqual([
      '../store/careful-store.ts',
      '../grant/chain.ts',
    ])
    expect([...(refused.get(wrapper) ?? [])]).toEqual([
      '../kernel/session.ts',
      '../kernel/renewal.ts',
    ])
  })

  it('tests of a package import what they need, but nothing that is built on packages', () => {
    const expected = [...outOfPackages, ...intoAnotherPackage].toSorted()
    expect([...(refused.get(test) ?? [])].toSorted()).toEqual(expected)
  })
})

describe('the dependencies in package.json follow the arrows', () => {
  /** What a package brings along for another one that it imports. */
  const brought: Record<string, string[]> = { cli: ['@napi-rs/keyring', 'open'] }
  const names = readdirSync(join(root, 'packages'))
  const rowsOf = (name: string) =>
    arrows.filter(({ files }) => files.some((file) => file.startsWith(`packages/${name}/`)))

  it.each(names)('%s depends only on what its rows allow', (name) => {
    const imported = rowsOf(name).flatMap(({ imports }) => imports)
    const allowed = new Set([...imported, ...(brought[name] ?? [])])
    allowed.delete('node:')
    const file = join(root, 'packages', name, 'package.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, object | undefined>
    const asked = [manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies]
    expect(new Set(asked.flatMap((list) => Object.keys(list ?? {})))).toEqual(allowed)
    expect(Object.keys(manifest.devDependencies ?? {})).not.toContain('@latchkey/e2e')
  })
})
