import { readFileSync, realpathSync } from 'node:fs'
import { createRequire, findPackageJSON } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { packages } from '../src/installing/doors.ts'
import { jestFiles } from '../src/docs/jest-docs.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Manifest {
  type?: string
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Manifest

/** Whether `require()` gets an ES module, which Jest cannot load. */
function isEsm(name: string, from: string): boolean {
  const file = createRequire(from).resolve(name)
  const { type } = read(findPackageJSON(pathToFileURL(file)) ?? '')
  return file.endsWith('.mjs') || (file.endsWith('.js') && type === 'module')
}

/** The ES modules among what a package loads, its peers, and what those load. */
function esmBelow(manifest: string, found = new Set<string>()): Set<string> {
  const { dependencies, peerDependencies } = read(manifest)
  const isOurs = manifest.startsWith(join(root, 'packages'))
  const names = Object.keys({ ...dependencies, ...(isOurs && peerDependencies) })
  // MSW has a way of its own, which the page tells; `open` is loaded only where a browser is opened; ours are ES
  // modules, whether they have a main door or not.
  const isElsewhere = (one: string) => /^(msw|open|@latchkey\/.*)$/.test(one)
  for (const name of names.filter((one) => !isElsewhere(one))) {
    if (found.has(name) || !isEsm(name, manifest)) continue
    found.add(name)
    const below = findPackageJSON(name, pathToFileURL(manifest))
    if (below) esmBelow(realpathSync(below), found)
  }
  return found
}

const libraries = packages.filter(({ folder }) => folder !== 'packages/cli')
const loaded = libraries.flatMap(({ folder, manifest }) => [
  manifest.name,
  ...esmBelow(join(root, folder, 'package.json')),
])

const module = { exports: { transformIgnorePatterns: [''] } }
runInNewContext(jestFiles['jest.config.cjs'], { module })
const [pattern = ''] = module.exports.transformIgnorePatterns
const isIgnored = (path: string) => new RegExp(pattern).test(path)

test.each([...new Set(loaded)])('the pattern for Jest lets Babel translate %s', (name) => {
  expect(isIgnored(`/app/node_modules/${name}/dist/index.js`)).toBe(false)
  const store = `/app/node_modules/.pnpm/${name.replace('/', '+')}@1.0.0_axios@1.0.0`
  expect(isIgnored(`${store}/node_modules/${name}/dist/index.js`)).toBe(false)
})

test('the pattern for Jest leaves modules unchanged that Jest can load', () => {
  expect(loaded).toContain('ky')
  expect(isIgnored('/app/node_modules/axios/dist/node/axios.cjs')).toBe(true)
  expect(isIgnored('/app/node_modules/kysely/index.js')).toBe(true)
  expect(isIgnored('/app/node_modules/.pnpm/redis@6.0.0/node_modules/redis/index.js')).toBe(true)
  expect(isIgnored('/app/src/api.js')).toBe(false)
})
