import { createHash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { OWNER_ADVICE, tellOwner } from './ownership.ts'

/** Result of tightenModes(). */
export interface Modes {
  /** Files that were open to other users and are now closed, with their earlier modes. */
  mended: string[]
  /** Problems that only the user can solve, and how. */
  problems: string[]
}

/** File names of sessions, locks and the list, and of temporary files that a killed process left behind. */
const SESSION = /^[0-9a-f]{64}\.json(\.[\w-]+\.tmp)?$/
const LOCK = /^[0-9a-f]{64}\.lock$/
const LIST = /^sessions\.json(\.[0-9a-f-]{36})?$/

/** Longest file that latchkey writes, in bytes. */
const SIZE_LIMIT = 4 * 1_048_576

// O_NOFOLLOW refuses a link that replaced the file after lstat(). O_NONBLOCK does not wait for a pipe.
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

/**
 * Closes the session files in `directory`, and the directory, to other users. Call it before a store reads them,
 * because stores tighten modes without reporting it.
 *
 * Changes only files that latchkey wrote, by their place, kind, owner, name and content. The modes of other files may be
 * intended. A directory that holds other files only is left as it is.
 */
export async function tightenModes(directory: string): Promise<Modes> {
  const modes: Modes = { mended: [], problems: [] }
  if (process.geteuid === undefined) return modes
  const stats = await lstat(directory).catch(unlessMissing)
  if (!stats) return modes
  const problem = foreign(stats, 'directory')
  if (problem) return { ...modes, problems: [`${directory} ${problem}`] }
  const names = await readdir(directory)
  const listed = names.filter((name) => [SESSION, LOCK, LIST].some((ours) => ours.test(name)))
  let ours = 0
  for (const name of listed) {
    if (await tightenFile(join(directory, name), name, modes)) ours += 1
  }
  if (names.includes('keychain')) await tightenLocks(join(directory, 'keychain'), modes)
  if (!isOpen(stats)) return modes
  if (ours > 0 || names.length === 0) await shut(directory, 0o700, stats, modes)
  else {
    modes.problems.push(
      `${directory} (mode ${octal(stats)}) is open to other users. It holds other things than sessions, so it was left as it is. Use a directory for the sessions alone: set HOME (or XDG_STATE_HOME)`,
    )
  }
  return modes
}

/** Tightens the keychain store's lock files, which are empty. */
async function tightenLocks(directory: string, modes: Modes): Promise<void> {
  const stats = await lstat(directory)
  if (foreign(stats, 'directory')) return
  const names = await readdir(directory)
  const listed = names.filter((name) => LOCK.test(name))
  for (const name of listed) await tightenFile(join(directory, name), name, modes)
  if (isOpen(stats) && listed.length === names.length) await shut(directory, 0o700, stats, modes)
}

/** Returns whether latchkey wrote the file. */
async function tightenFile(path: string, name: string, modes: Modes): Promise<boolean> {
  const seen = await lstat(path).catch(unlessMissing)
  if (!seen) return false // gone meanwhile
  const problem = foreign(seen, 'file')
  if (problem) {
    modes.problems.push(`${path} ${problem}`)
    return false
  }
  try {
    const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    try {
      const stats = await handle.stat()
      if (foreign(stats, 'file') || !(await isOurs(name, stats, handle))) return false
      if (isOpen(stats)) {
        await handle.chmod(0o600)
        modes.mended.push(`${path} (mode ${octal(stats)})`)
      }
      return true
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (isOpen(seen))
      modes.problems.push(`${path} cannot be closed to other users (${codeOf(error)})`)
    return false
  }
}

async function shut(path: string, mode: number, seen: Stats, modes: Modes): Promise<void> {
  try {
    const handle = await open(path, O_RDONLY | O_NOFOLLOW | constants.O_DIRECTORY)
    try {
      if (!foreign(await handle.stat(), 'directory')) await handle.chmod(mode)
    } finally {
      await handle.close()
    }
    modes.mended.push(`${path} (mode ${octal(seen)})`)
  } catch (error) {
    modes.problems.push(`${path} cannot be closed to other users (${codeOf(error)})`)
  }
}

/** Returns why latchkey did not write it, and what to do. `undefined`: it may be latchkey's. */
function foreign(stats: Stats, kind: 'file' | 'directory'): string | undefined {
  const isKind = kind === 'file' ? stats.isFile() : stats.isDirectory()
  if (!isKind) return `is not a ${kind} but a link or something else. Find out who put it there`
  if (stats.uid !== process.geteuid?.()) {
    return `belongs to ${tellOwner(stats.uid)}. ${OWNER_ADVICE}`
  }
  if (kind === 'file' && stats.nlink > 1) return 'has a second name elsewhere (a hard link)'
  return undefined
}

/** Checks the content, because other programs also name files by hashes and write a sessions.json. */
async function isOurs(name: string, { size }: Stats, handle: FileHandle): Promise<boolean> {
  if (LOCK.test(name)) return size === 0
  if (size > SIZE_LIMIT) return false
  const fields = parse(await handle.readFile('utf8'))
  if (LIST.test(name)) return typeof fields['version'] === 'number' && 'sessions' in fields
  const { version, name: session } = fields
  if (typeof version !== 'number' || typeof session !== 'string') return false
  return name.startsWith(createHash('sha256').update(session, 'utf16le').digest('hex'))
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    return {}
  }
}

const isOpen = ({ mode }: Stats) => (mode & 0o077) !== 0
const octal = ({ mode }: Stats) => (mode & 0o777).toString(8)
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'an unknown error'

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}
