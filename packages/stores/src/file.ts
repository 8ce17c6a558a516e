/**
 * Sessions in files, for scripts, tools and daemons of one user on one machine.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { access, constants, readdir, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { TokenStore } from '@latchkey/core'
import { decodeEntry, encodeEntry } from './entry.ts'
import { defaultDirectory, hasDirectory, makeDirectory, syncDirectory } from './file/directory.ts'
import { isMissing, withStoreErrors } from './file/file-error.ts'
import { createLockFile, takeLock } from './file/file-lock.ts'
import { canReplace, moveInto, readSafely, sweep, writeTemporary } from './file/safe-file.ts'
import { createWatches } from './file/watches.ts'
import { expectKnown, type OptionNames } from './option-names.ts'
import { StoreError } from './store-error.ts'

/** Options of fileStore(). */
export interface FileStoreOptions {
  /**
   * The directory for sessions only, on a local disk. Created when first needed, with mode
   * 0700. Default: `fileStoreDirectory()`. A relative path counts from the working directory of now.
   */
  directory?: string
}

const KNOWN: OptionNames<FileStoreOptions> = { directory: true }

/**
 * The directory that `fileStore()` uses: `$XDG_STATE_HOME/latchkey` (a relative value is ignored) or
 * `~/.local/state/latchkey`, `~/Library/Application Support/latchkey` on macOS,
 * `%LOCALAPPDATA%\latchkey` on Windows. Nothing is made.
 *
 * @throws {StoreError} `ERR_INVALID_OPTION` when the environment names no directory of a user's own:
 *   `HOME` is unset, empty, relative or `/`.
 */
export function fileStoreDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return defaultDirectory(env, process.platform)
}

/**
 * Keeps sessions as files, one for each name, for any number of processes of one user. Node only.
 *
 * A file (0600, in a directory 0700) always holds either the old session or the new one, also after a `kill -9` or
 * on a full disk. `lock` ends with the process that holds it. Too open modes are corrected. Links, other users'
 * files and anything but a file are refused with `ERR_STORE_INSECURE`. Tokens are stored as plain text: every
 * program that can read the user's files can read them.
 *
 * `lock` waits for at most 30 seconds and then rejects with `ERR_STORE_LOCKED`, also for a lock inside the same
 * lock. It needs `node:sqlite` (Node 22.13 or newer), else `ERR_STORE_PEER_MISSING`. If no session can be stored (a
 * read-only or full disk, a refused directory), it runs without a lock.
 *
 * @throws {StoreError} `ERR_INVALID_OPTION` at once; later a rejection with `ERR_STORE_FULL`,
 *   `ERR_STORE_DENIED`, `ERR_STORE_INSECURE`, `ERR_STORE_GARBAGE`, `ERR_STORE_NEWER`,
 *   `ERR_STORE_TOO_LARGE` or `ERR_STORE_UNAVAILABLE`. What was stored before is then as it was.
 */
export function fileStore(
  options: FileStoreOptions = {},
): Required<Omit<TokenStore, 'renewAheadMs'>> {
  const directory = ownDirectory(options)
  const watches = createWatches(directory)
  const pathOf = (name: string, ending: string) => join(directory, `${digest(name)}.${ending}`)
  const guarded = <T>(work: () => Promise<T>) => withStoreErrors(directory, work)

  return {
    getToken: (name) =>
      guarded(async () => (await readEntry(directory, pathOf(name, 'json')))?.tokens),

    setToken: (tokens, name) =>
      guarded(async () => {
        const path = pathOf(name, 'json')
        await makeDirectory(directory)
        const text = encodeEntry(tokens, { ...(await otherFields(directory, path)), name })
        const temporary = await writeTemporary(path, text)
        await watches.changing(path, temporary.mark, () => moveInto(path, temporary))
        await sweep(directory)
      }),

    removeToken: (name) =>
      guarded(async () => {
        if (!(await hasDirectory(directory))) return
        const path = pathOf(name, 'json')
        await watches.changing(path, undefined, () =>
          unlink(path).catch((error: unknown) => {
            if (!isMissing(error)) throw error
          }),
        )
        await syncDirectory(directory)
        await sweep(directory)
      }),

    async lock(name, run, signal) {
      const path = pathOf(name, 'lock')
      const isShared = await canShare(directory, path)
      const free = isShared ? await guarded(() => takeLock(path, undefined, signal)) : undefined
      try {
        return await run()
      } finally {
        free?.()
      }
    },

    subscribe(name, listener) {
      try {
        return watches.watch(pathOf(name, 'json'), listener)
      } catch (error) {
        throw unwatched(directory, error)
      }
    },

    canWrite: (name) => canWrite(directory, pathOf(name, 'json')),

    names: () => guarded(() => readNames(directory)),
  }
}

/** By how much a session may grow. As large as most sessions, so that a full disk shows. */
const ROOM = ' '.repeat(4096)

async function canWrite(directory: string, path: string): Promise<boolean> {
  try {
    await makeDirectory(directory)
    const text = await readSafely(path)
    await unlink((await writeTemporary(path, `${text}${ROOM}`)).path)
    return text === undefined || (await canReplace(path))
  } catch {
    return false
  }
}

function unwatched(directory: string, cause: unknown): StoreError {
  const message = `${directory} cannot be watched, so changes by other processes are seen only at the next renewal.`
  return new StoreError('ERR_STORE_UNAVAILABLE', message, { cause })
}

function ownDirectory(options: FileStoreOptions): string {
  expectKnown(options, KNOWN)
  const { directory } = options
  if (directory === undefined) return fileStoreDirectory()
  if (typeof directory === 'string' && directory !== '') return resolve(directory)
  throw new StoreError('ERR_INVALID_OPTION', '`directory` must be a non-empty string.')
}

/** Returns the file's name. It hides the session's name, and cannot lead out of the directory. */
function digest(name: string): string {
  // UTF-16, because UTF-8 has the same bytes for all lone surrogates.
  return createHash('sha256').update(name, 'utf16le').digest('hex')
}

async function readEntry(directory: string, path: string) {
  if (!(await hasDirectory(directory))) return undefined
  const text = await readSafely(path)
  return text === undefined ? undefined : decodeEntry(text)
}

/** Returns the fields that another program, or a newer release, added to a session. They are kept. */
async function otherFields(directory: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await readEntry(directory, path))?.extra ?? {}
  } catch (error) {
    if (error instanceof StoreError && error.code === 'ERR_STORE_GARBAGE') return {}
    throw error
  }
}

async function readNames(directory: string): Promise<string[]> {
  if (!(await hasDirectory(directory))) return []
  const names: string[] = []
  for (const file of await readdir(directory)) {
    if (!file.endsWith('.json')) continue
    // An unreadable file is not a session.
    const entry = await readEntry(directory, join(directory, file)).catch(() => undefined)
    const name = entry?.extra.name
    if (typeof name === 'string' && file === `${digest(name)}.json`) names.push(name)
  }
  return names
}

/** Codes of errors that mean that no process can store a session in the directory, so none is shared. */
const UNSHARED = new Set(['ERR_STORE_DENIED', 'ERR_STORE_FULL', 'ERR_STORE_INSECURE'])

/** Whether sessions can be stored here. If not, a renewal must not wait for a lock that cannot be made. */
async function canShare(directory: string, lockPath: string): Promise<boolean> {
  try {
    await withStoreErrors(directory, async () => {
      await makeDirectory(directory)
      await access(directory, constants.W_OK)
      await createLockFile(lockPath)
    })
    return true
  } catch (error) {
    if (error instanceof StoreError && UNSHARED.has(error.code)) return false
    throw error
  }
}
