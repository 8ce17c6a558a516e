import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { packages } from './doors.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

/** How a program ended. */
interface Ended {
  code: number
  output: string
}

/** A project of somebody's own, with our packages as npm installs them. */
export interface InstalledProject {
  /** Writes files, each by its path; what is no text becomes JSON. */
  write(files: Record<string, unknown>): Promise<void>
  /** Runs a program of an installed package, or of the project itself, by Node. */
  node(args: string[], env?: Record<string, string>): Promise<Ended>
  remove(): Promise<void>
  readonly folder: string
}

/** Packs our packages as a release does, and has npm install them beside `specs`. No install script runs. */
export async function installedProject(...specs: string[]): Promise<InstalledProject> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-project-'))
  const packed = join(folder, 'packed')
  for (const one of packages) {
    const args = ['--dir', join(root, one.folder), 'pack', '--pack-destination', packed]
    await run('pnpm', args)
  }
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
  const tarballs = globSync('*.tgz', { cwd: packed }).map((name) => `./packed/${name}`)
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts']
  await run('npm', ['install', ...quiet, ...tarballs, ...specs], { cwd: folder })
  return {
    folder,
    async write(files) {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, name)), { recursive: true })
        const text = typeof content === 'string' ? content : JSON.stringify(content)
        await writeFile(join(folder, name), text)
      }
    },
    async node(args, env = {}) {
      // Vitest's own would tell bundlers that they are in a test.
      const { NODE_ENV: _, ...own } = process.env
      const options = { cwd: folder, maxBuffer: Infinity, env: { ...own, ...env } }
      return run(process.execPath, args, options).then(
        ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
        ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
          code,
          output: stdout + stderr,
        }),
      )
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
