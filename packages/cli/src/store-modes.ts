import { chmod, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'

/**
 * Shuts what is open to other users in the directory of the sessions, itself included, and gives the paths
 * with the modes they had. To be called before a store looks: stores tighten what they meet, and say nothing.
 *
 * @throws What the system throws when a mode cannot be changed. Nothing is looked at on Windows.
 */
export async function tightenModes(directory: string): Promise<string[]> {
  if (process.geteuid === undefined) return []
  const names = await readdir(directory, { recursive: true }).catch(namesOfNone)
  const loose: string[] = []
  for (const path of [directory, ...names.map((name) => join(directory, name))]) {
    const stats = await lstat(path).catch(() => undefined) // gone meanwhile
    if (!stats || stats.isSymbolicLink() || (stats.mode & 0o077) === 0) continue
    await chmod(path, stats.isDirectory() ? 0o700 : 0o600)
    loose.push(`${path} (mode ${(stats.mode & 0o777).toString(8)})`)
  }
  return loose
}

function namesOfNone(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}
