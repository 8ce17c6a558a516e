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

/** SQLite's own result code for "somebody else has it". */
const SQLITE_BUSY = 5

/**
 * Takes the lock at `path` and gives how to free it. It is the lock of a transaction on an empty SQLite
 * database, so it is the operating system's: it ends with its holder, however that ends, and it counts
 * for other processes, threads and stores of this thread alike. Nothing is ever written to the file,
 * and it stays where it is: removing it would let two hold "the" lock.
 *
 * @throws {StoreError} `ERR_STORE_LOCKED` when somebody else keeps it for longer than `limitMs`;
 *   `ERR_STORE_PEER_MISSING` where the runtime has no `node:sqlite`; and what the system throws.
 */
export async function takeLock(path: string, limitMs = LOCK_LIMIT_MS): Promise<() => void> {
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
    await patiently(() => database.exec('BEGIN IMMEDIATE'), isBusy, limitMs)
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
    // Fails where somebody was faster, and where there are no hard links: then SQLite makes the file.
    await link(temporary.path, path).catch(() => undefined)
    await discard(temporary.path)
  }
}

const isBusy = (error: unknown) =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY

const noSqlite = () =>
  new StoreError(
    'ERR_STORE_PEER_MISSING',
    'Sharing sessions between processes needs node:sqlite, which this runtime does not have: use Node 22.13 or newer.',
  )

function lockError(path: string, cause: unknown): StoreError {
  if (isBusy(cause)) {
    return new StoreError(
      'ERR_STORE_LOCKED',
      'Another process has been renewing this session for too long; it may be suspended. Try again, or end it.',
      { cause },
    )
  }
  return new StoreError(
    'ERR_STORE_UNAVAILABLE',
    `${path} cannot be locked. If that stays so, end all processes that use it and remove it.`,
    { cause },
  )
}
