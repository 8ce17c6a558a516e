import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import {
  chmod,
  type FileHandle,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { syncDirectory } from './directory.ts'
import { isMissing, systemCode } from './file-error.ts'
import { AWAY, insecure, MODES, secure } from './ownership.ts'
import { patiently } from './patience.ts'

/** No entry is longer, in bytes: a megabyte of characters, at three bytes each. */
const SIZE_LIMIT = 3 * 1_048_576

/** A temporary file that was not touched for so long belongs to a process that was killed. */
const ABANDONED_MS = 60_000

/** How long another program (a virus scanner, an indexer) may keep a file open on Windows. */
const RENAME_LIMIT_MS = 2_000

// A link is not followed, and opening a pipe does not wait for its writer. Windows knows neither.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Returns the text of a file, or `undefined` if it is missing. Checks the open handle, not the path, so that the
 * checked file is the file that is read. Returns `''`, which is not a session, for text that is not UTF-8 or too long.
 *
 * @throws {StoreError} `ERR_STORE_INSECURE`; and what the system throws.
 */
export async function readSafely(path: string): Promise<string | undefined> {
  let handle: FileHandle
  try {
    handle = await open(path, READ_FLAGS)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const { nlink, size } = await secure(path, 'file', handle)
    if (nlink > 1) throw insecure(path, 'has a second name elsewhere (a hard link)', AWAY)
    return size > SIZE_LIMIT ? '' : decode(await handle.readFile())
  } finally {
    await handle.close()
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return ''
  }
}

/** A file that is written and not yet in its place. */
export interface Temporary {
  path: string
  /** Tells its content from any other at the same path. */
  mark: string
}

/**
 * Writes `text` into a new file beside `path`, readable by its owner alone from the first instant, and
 * waits until it is on the disk. When that fails, nothing is left behind.
 */
export async function writeTemporary(path: string, text: string): Promise<Temporary> {
  const temporary = `${path}.${randomUUID()}.tmp`
  const handle = await open(temporary, 'wx', MODES.file)
  try {
    await handle.chmod(MODES.file) // a strict umask may have taken our own rights
    await handle.writeFile(text)
    await handle.sync()
    return { path: temporary, mark: markOf(await handle.stat({ bigint: true })) }
  } catch (error) {
    await discard(temporary)
    throw error
  } finally {
    await handle.close()
  }
}

/** Puts a temporary file in the place of `path`: whoever reads finds the old text or the new one. */
export async function moveInto(path: string, temporary: Temporary): Promise<void> {
  try {
    await renameOpened(() => rename(temporary.path, path))
  } catch (error) {
    await discard(temporary.path)
    throw error
  }
  await syncDirectory(dirname(path))
}

/**
 * Whether another file may take the place of `path`, beyond what a new file beside it shows. False for a file that is
 * mounted by itself, as in a container. Throws for an immutable one.
 */
export async function canReplace(path: string): Promise<boolean> {
  await chmod(path, MODES.file)
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '') // Linux only
  return !mounts.includes(`/${basename(path)} `)
}

/** Renames. On Windows it waits until no program has the target open. */
export function renameOpened(
  work: () => Promise<void>,
  platform: string = process.platform,
  limitMs = RENAME_LIMIT_MS,
): Promise<void> {
  const isOpened = (error: unknown) => /^(EPERM|EACCES|EBUSY)$/.test(systemCode(error) ?? '')
  return patiently(work, platform === 'win32' ? isOpened : () => false, limitMs)
}

/** What tells one content of a path from the next: which file it is, and when it was written. */
export const markOf = ({ ino, mtimeNs }: { ino: bigint; mtimeNs: bigint }) => `${ino}:${mtimeNs}`

export async function discard(path: string): Promise<void> {
  await unlink(path).catch(() => undefined) // swept later
}

/** Removes what killed writers left behind. Never fails: the next write sweeps again. */
export async function sweep(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  for (const name of names.filter((one) => /^[0-9a-f]{64}\..+\.tmp$/.test(one))) {
    const path = join(directory, name)
    const stats = await stat(path).catch(() => undefined)
    if (stats && Date.now() - stats.mtimeMs > ABANDONED_MS) await discard(path)
  }
}
