import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Manifest {
  name: string
  version: string
  private?: boolean
}

const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest
const ours = globSync('{packages/*,tools/*,bench,e2e}/package.json', { cwd: root }).map(read)
const published = ours.filter((manifest) => manifest.private !== true)
const unpublished = ours.filter((manifest) => manifest.private === true)

test('all published packages have one version', () => {
  expect(published.length).toBeGreaterThan(10)
  expect(new Set(published.map(({ version }) => version)).size).toBe(1)
})

// Changesets counts on from the highest version of the group @latchkey/*, to which these belong by their names.
test('a package that is not published has version 0.0.0, so that it does not set the next release', () => {
  expect(unpublished.map(({ name }) => name)).toContain('@latchkey/api-reference')
  expect(unpublished.filter(({ version }) => version !== '0.0.0')).toEqual([])
})
