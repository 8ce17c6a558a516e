import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { doors } from '../src/installing/doors.ts'
import { type InstalledProject, installedProject } from '../src/installing/installed-project.ts'

let project: InstalledProject

beforeAll(async () => {
  const peers = ['axios', 'ky', 'redis', 'msw', '@hono/node-server', '@opentelemetry/api']
  const compilers = ['typescript@5.9.3', 'typescript-7@npm:typescript@7.0.2']
  project = await installedProject(...peers, ...compilers, '@napi-rs/keyring', '@noble/hashes')
  // MSW brings it. Who does not have it is to do without.
  await rm(join(project.folder, 'node_modules/@types/node'), { recursive: true })
  await project.write({
    'app.ts': doors.map((door, at) => `export * as door${at} from '${door}'\n`).join(''),
  })
}, 600_000)
afterAll(() => project.remove())

/** The errors that a compiler finds in a project that uses every door and checks its libraries. */
async function compile(compiler: string, settings: object): Promise<string[]> {
  const base = { target: 'es2022', lib: ['es2022', 'dom'], strict: true, noEmit: true }
  const compilerOptions = { ...base, skipLibCheck: false, types: [], ...settings }
  await project.write({ 'tsconfig.json': { compilerOptions, files: ['app.ts'] } })
  const { output } = await project.node([`node_modules/${compiler}/bin/tsc`, '--pretty', 'false'])
  return output.split('\n').filter((line) => line.includes('error TS'))
}

const compilers = ['typescript', 'typescript-7']
const settings = [{ module: 'nodenext' }, { module: 'esnext', moduleResolution: 'bundler' }]

test.each(compilers.flatMap((compiler) => settings.map((one) => ({ compiler, ...one }))))(
  'every door compiles, as it is installed and without @types/node, by $compiler under $module',
  async ({ compiler, ...one }) => {
    expect(await compile(compiler, one)).toEqual([])
  },
)

test.each([
  { module: 'commonjs', moduleResolution: 'node10', code: 'TS2307' },
  { module: 'esnext', moduleResolution: 'classic', code: 'TS2792' },
])('$moduleResolution finds no door, as the docs say', async ({ code, ...one }) => {
  const errors = await compile('typescript', one)
  const missing = errors.filter((line) => line.startsWith('app.ts'))
  expect(missing.map((line) => /TS\d+/.exec(line)?.[0])).toEqual(doors.map(() => code))
})
