import { link, lstat } from 'node:fs/promises'
import process from 'node:process'
import type * as Sqlite from 'node:sqlite'
import { StoreError } from '../store-error.ts'
import { isMissing } from './file-error.ts'
import { secure } from './ownership.ts'
import { patiently } from './patience.ts'
import { discard, writeTemporary } from './safe-file.ts'

/** How long a lock is waited for, in milliseconds. */
const LOCK_LIMIT_MS = 30_000

/** SQLite's result code for a lock that another holder has. */
const SQLITE_BUSY = 5

/**
 * Takes the lock at `path` and returns a function that frees it. It is the lock of a transaction on an empty SQLite
 * database, so the operating system holds it. It ends with its holder in any case, even a crash, and excludes other
 * processes, threads and stores of this thread. The file stays empty and is never removed, because removing it
 * would let two processes hold the lock.
 *
 * @param signal Ends the waiting.
 * @throws {StoreError} `ERR_STORE_LOCKED` when another holder keeps it for longer than `limitMs`;
 *   `ERR_STORE_PEER_MISSING` if the runtime has no `node:sqlite`; and the system's errors.
 */
export async function takeLock(
  path: string,
  limitMs = LOCK_LIMIT_MS,
  signal?: AbortSignal,
): Promise<() => void> {
  // Asked for late: loading it costs time, and a warning in Node 22.
  const sqlite = process.getBuiltinModule?.('node:sqlite') as typeof Sqlite | undefined
  if (!sqlite) throw noSqlite()
  await secure(path, 'file').catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
  const database = new sqlite.DatabaseSync(path, { open: false })
  try {
    database.open()
    database.exec('PRAGMA journal_mode = MEMORY') // no second file
    await patiently(() => database.exec('BEGIN IMMEDIATE'), isBusy, limitMs, signal)
  } catch (error) {
    if (database.isOpen) database.close()
    throw lockError(path, error)
  }
  return () => database.close() // ends the transaction
}

/**
 * Makes the file that `takeLock` locks, unless it is there.
 *
 * It never opens one that is there: where locks are POSIX's, closing any handle of a file frees all of
 * the process's locks on it, SQLite's included.
 */
export async function createLockFile(path: string): Promise<void> {
  try {
    await lstat(path)
  } catch (error) {
    if (!isMissing(error)) throw error
    const temporary = await writeTemporary(path, '')
    // Fails if another process was faster, and on file systems without hard links: then SQLite makes the file.
    await link(temporary.path, path).catch(() => undefined)
    await discard(temporary.path)
  }
}

const isBusy = (error: unknown) =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY

const noSqlite = () =>
  new StoreError(
    'ERR_STORE_PEER_MISSING',
    'The lock between processes needs node:sqlite, which this runtime does not have: use Node 22.13 or newer.',
  )

function lockError(path: string, cause: unknown): StoreError {
  if (isBusy(cause)) {
    return new StoreError(
      'ERR_STORE_LOCKED',
      'Another process has been renewing this session for too long; it may be suspended. Try again, or end that process.',
      { cause },
    )
  }
  return new StoreError(
    'ERR_STORE_UNAVAILABLE',
    `${path} cannot be locked. If that stays so, end all processes that use it and remove it.`,
    { cause },
  )
}
