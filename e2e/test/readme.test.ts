import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Below e2e, so that every package resolves as it does for a user; below node_modules, so that no tool
// takes it for source.
const folder = join(root, 'e2e', 'node_modules', `.readme-${process.pid}`)

/** The TypeScript blocks of a page, each a module of its own. */
function blocksOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code)
}

const pages = globSync('{README.md,docs/*.md,packages/*/README.md,examples/*/README.md}', {
  cwd: root,
}).filter((page) => blocksOf(page).length > 0)

beforeAll(() => mkdirSync(folder, { recursive: true }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the code in', () => {
  it.each(pages)('%s compiles', (page) => {
    const files = blocksOf(page).map((code, at) => {
      const file = join(folder, `${page.replaceAll(/\W/g, '-')}-${at}.ts`)
      writeFileSync(file, `${code}\nexport {}\n`)
      return file
    })
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023']
    const more = ['--lib', 'es2024,dom', '--types', 'node', '--skipLibCheck', '--ignoreConfig']
    const { stdout } = spawnSync(
      process.execPath,
      [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ...options, ...more, ...files],
      { cwd: join(root, 'e2e'), encoding: 'utf8' },
    )
    expect(stdout).toBe('')
  })
})

it('README.md shows complete code by line 20', () => {
  const lines = readFileSync(join(root, 'README.md'), 'utf8').split('\n')
  const start = lines.indexOf('```ts')
  expect(start).toBeGreaterThan(0)
  expect(lines.indexOf('```', start)).toBeLessThanOrEqual(20)
})
