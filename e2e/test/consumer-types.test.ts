import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { doors } from '../src/installing/doors.ts'
import { project } from '../src/installing/project.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const app = doors.map((door, at) => `export * as door${at} from '${door}'\n`).join('')

/** What TypeScript says of a project that uses every door. It has no @types/node, and checks its libraries. */
function compile(type: 'module' | 'commonjs', settings: object, files: string[] = ['app.ts']) {
  const base = { target: 'es2022', lib: ['es2022', 'dom'], strict: true, noEmit: true }
  const compilerOptions = { ...base, skipLibCheck: false, types: [], ...settings }
  const folder = project({
    'package.json': { type },
    'tsconfig.json': { compilerOptions, files },
    'app.ts': app,
  })
  const args = [tsc, '-p', folder, '--pretty', 'false', '--listFiles']
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  const lines = stdout.split('\n')
  return {
    errors: lines.filter((line) => line.includes('error TS')),
    nodeTypes: lines.filter((line) => line.includes('@types/node/')),
  }
}

const clean = { errors: [], nodeTypes: [] }
const nodenext = { module: 'nodenext' }
const bundler = { module: 'esnext', moduleResolution: 'bundler' }

test.each([
  ['nodenext in an ES module package', 'module', nodenext],
  ['nodenext in a CommonJS package', 'commonjs', nodenext],
  ['node20 in a CommonJS package', 'commonjs', { module: 'node20' }],
  ['bundler in an ES module package', 'module', bundler],
  ['bundler in a CommonJS package', 'commonjs', bundler],
  ['preserve', 'commonjs', { module: 'preserve' }],
  ['node16 in an ES module package', 'module', { module: 'node16' }],
  ['node18 in an ES module package', 'module', { module: 'node18' }],
] as const)('every entry point compiles under %s', (_, type, settings) => {
  expect(compile(type, settings)).toEqual(clean)
})

test.each(['node16', 'node18'])('%s in a CommonJS package is TS1479, as the docs say', (module) => {
  const { errors } = compile('commonjs', { module })
  expect(errors.map((line) => /TS\d+/.exec(line)?.[0])).toEqual(doors.map(() => 'TS1479'))
})

test('every published declaration compiles, even without an entry point', () => {
  const files = globSync(join(root, 'packages/*/dist/**/*.d.ts'))
  expect(files.length).toBeGreaterThan(doors.length)
  expect(compile('commonjs', nodenext, files)).toEqual(clean)
})
