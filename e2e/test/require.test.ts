import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { doors, packages } from '../src/installing/doors.ts'
import { project } from '../src/installing/project.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('in a CommonJS package, require() of every entry point returns its exports', () => {
  const lines = doors.map(
    (door) => `if (Object.keys(require('${door}')).length === 0) throw '${door}'`,
  )
  const folder = project({ 'package.json': {}, 'app.js': lines.join('\n') })
  const { stderr } = spawnSync(process.execPath, ['app.js'], { cwd: folder, encoding: 'utf8' })
  expect(stderr).toBe('')
})

test.each(packages)('$folder requires a Node that can require() ES modules', ({ manifest }) => {
  const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(manifest.engines.node) ?? []
  expect(Number(major) * 100 + Number(minor)).toBeGreaterThanOrEqual(2212)
})

test('README names that version of Node', () => {
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('Node 22.12 or newer')
})
