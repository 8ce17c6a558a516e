import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'vite'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const list = fileURLToPath(new URL('public-exports.txt', import.meta.url))

interface Manifest {
  name: string
  exports: Record<string, string | { default: string }>
}

/** What a user may import from: its specifier, and the source that it is built from. */
const entries = globSync('packages/*/package.json', { cwd: root })
  .toSorted()
  .flatMap((file) => {
    const { name, exports } = JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest
    return Object.entries(exports).flatMap(([path, target]) => {
      if (typeof target === 'string') return []
      const source = target.default.replace(/^\.\/dist\/(.+)\.js$/, 'src/$1.ts')
      return [{ name: name + path.slice(1), source: join(root, file, '..', source) }]
    })
  })

/** What an entry's source exports, types included. `export *` has no name, and would show as one of those. */
function exportsOf(source: string) {
  const { module, errors } = parseSync(source, readFileSync(source, 'utf8'))
  expect(errors).toEqual([])
  const exported = module.staticExports.flatMap((statement) => statement.entries)
  const named = exported.map(({ exportName, isType }) => ({ name: exportName.name ?? '*', isType }))
  return {
    values: named.flatMap(({ name, isType }) => (isType ? [] : [name])).toSorted(),
    types: named.flatMap(({ name, isType }) => (isType ? [name] : [])).toSorted(),
  }
}

// UPDATE_EXPORTS=1 writes it.
test('the packages export exactly what public-exports.txt lists', () => {
  const lines = entries.flatMap(({ name, source }) => {
    const { values, types } = exportsOf(source)
    return [name, ...values.map((one) => `  ${one}`), ...types.map((one) => `  type ${one}`), '']
  })
  const expected = lines.join('\n')
  if (process.env.UPDATE_EXPORTS) writeFileSync(list, expected)
  expect(readFileSync(list, 'utf8')).toBe(expected)
})

test.each(entries)('$name exports at run time what its source declares', async ({ source }) => {
  const module = (await import(source)) as object
  expect(Object.keys(module).toSorted()).toEqual(exportsOf(source).values)
})
