import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPage, root } from '../src/doc-pages.ts'

/** What clients call their own errors, and what a case of a contract calls one of its grants. */
const foreign = ['ERR_NETWORK', 'ERR_WRONG_PASSWORD']

const sources = globSync('packages/*/src/**/*.ts', { cwd: root })
const inSource = new Set(
  sources.flatMap(
    (file) => readFileSync(join(root, file), 'utf8').match(/(?<=')ERR_[A-Z_]+(?=')/g) ?? [],
  ),
)

/** The first cells of the tables of docs/errors.md. */
const rows = readPage('docs/errors.md').match(/^\| (`ERR_\w+`(?:, )?)+ \|/gm) ?? []
const listed = new Set(rows.flatMap((row) => row.match(/ERR_\w+/g) ?? []))

test('every error code in the source has a row in docs/errors.md', () => {
  const ours = [...inSource].filter((code) => !foreign.includes(code) && !code.endsWith('_'))
  expect(ours.filter((code) => !listed.has(code))).toEqual([])
})

test('every row of docs/errors.md names a code in the source', () => {
  expect([...listed].filter((code) => !inSource.has(code))).toEqual([])
})
