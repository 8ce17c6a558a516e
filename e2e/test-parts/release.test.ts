import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { globSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type PackageRegistry, startPackageRegistry } from '../src/installing/package-registry.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const changeset = join(root, 'node_modules/@changesets/cli/bin.js')
const run = promisify(execFile)

interface Manifest {
  name: string
  version: string
  exports: Record<string, unknown>
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  homepage?: string
  readme?: string
}

const packages = globSync('packages/*/package.json', { cwd: root })
  .map((path) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest)
  .toSorted((one, other) => one.name.localeCompare(other.name))
const names = packages.map(({ name }) => name)

let registry: PackageRegistry

beforeAll(async () => {
  registry = await startPackageRegistry()
  // As the release does it, but for the tags: what is in `dist` is what is published.
  await run(process.execPath, [changeset, 'publish', '--no-git-tag'], {
    cwd: root,
    env: await usingRegistry(),
  })
})
afterAll(() => registry.close())

/** The environment of somebody whose user settings name the registry, and nothing else does. */
async function usingRegistry(): Promise<NodeJS.ProcessEnv> {
  const path = join(await emptyFolder(), 'npmrc')
  await writeFile(path, registry.settings)
  const others = Object.entries(process.env).filter(([name]) => !/^p?npm_config_/i.test(name))
  return { ...Object.fromEntries(others), NPM_CONFIG_USERCONFIG: path }
}

const folders: string[] = []
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true, force: true }))))

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-release-'))
  folders.push(folder)
  return folder
}

/** Somebody's project, with what npm installs into it. */
async function project(...specs: string[]): Promise<string> {
  const cwd = await emptyFolder()
  await writeFile(join(cwd, 'package.json'), '{ "private": true, "type": "module" }\n')
  await writeFile(join(cwd, '.npmrc'), registry.settings)
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...specs], { cwd })
  return cwd
}

describe('after a release', () => {
  test.each(names)(
    '%s can be had, and asks for nothing that only this repository has',
    async (name) => {
      const answer = await fetch(`${registry.url}/${name.replace('/', '%2f')}`)
      const { versions } = (await answer.json()) as { versions: Record<string, Manifest> }
      const [published] = Object.values(versions)
      expect(published?.version).toBe(packages.find((one) => one.name === name)?.version)
      const asked = { ...published?.dependencies, ...published?.peerDependencies }
      const ours = Object.entries(asked).filter(([dependency]) => names.includes(dependency))
      expect(Object.values(asked).filter((range) => !/^[\^~><=\d]/.test(range))).toEqual([])
      expect(ours.map(([, range]) => range)).toEqual(ours.map(() => `^${published?.version}`))
      const page = /^https:\/\/.+\/packages\/\w+#readme$/
      expect(published?.homepage).toMatch(page)
      expect(published?.readme ?? '').not.toContain('](../')
    },
  )

  test("README's program for NocoDB runs in an empty folder", async () => {
    const page = await readFile(join(root, 'README.md'), 'utf8')
    const programs = [...page.matchAll(/```ts\n(.+?)```/gs)].map(([, text = '']) => text)
    const program = programs.find((text) => text.includes('nocodbFromEnv')) ?? ''
    const imported = [...program.matchAll(/from '(.+)'/g)].map(([, name = '']) => name)
    const cwd = await project(...imported)
    await writeFile(join(cwd, 'program.mts'), program)
    const double = createNocoDBDouble()
    const ada = { email: 'ada@example.com', password: 'CANARY-7f3a-ada' }
    double.control.addUser(ada)
    double.control.addTable({ title: 'Tasks' })
    const server = await listen(double)
    onTestFinished(() => server.close())
    const { NOCODB_API_TOKEN: _, ...others } = process.env
    const env = {
      ...others,
      NOCODB_URL: server.url,
      NOCODB_EMAIL: ada.email,
      NOCODB_PASSWORD: ada.password,
    }
    const { stdout, stderr } = await run(process.execPath, ['program.mts'], { cwd, env })
    expect(stdout).toContain("title: 'Tasks'")
    expect(stderr).toBe('')
    expect(double.control.counts()).toMatchObject({ signIns: 1, unauthorized: 0 })
  })

  test('every door of every package opens, and the command runs', async () => {
    const peers = packages.flatMap(({ peerDependencies }) => Object.keys(peerDependencies ?? {}))
    const cwd = await project(...names, ...new Set(peers))
    const doors = packages.flatMap(({ name, exports }) =>
      Object.keys(exports)
        .filter((path) => !path.endsWith('.json'))
        .map((path) => name + path.slice(1)),
    )
    const imports = doors.map((door) => `await import('${door}')\n`).join('')
    await writeFile(join(cwd, 'program.mjs'), `${imports}console.log('all')\n`)
    expect((await run(process.execPath, ['program.mjs'], { cwd })).stdout).toBe('all\n')
    const { stdout } = await run('npm', ['exec', '--no', '--', 'latchkey', '--version'], { cwd })
    expect(stdout.trim()).toBe(packages.find(({ name }) => name === '@latchkey/cli')?.version)
  })
})
