import { chmodSync, mkdirSync } from 'node:fs'
import { chmod, mkdir, open, readdir } from 'node:fs/promises'
import { dirname, posix, win32 } from 'node:path'
import { StoreError } from '../store-error.ts'
import { isMissing, systemCode } from './file-error.ts'
import { atPath, insecure, MODES, secure } from './ownership.ts'

/**
 * The platform's place for state. State and not configuration: people put their configuration under
 * version control, and sessions have no business there.
 */
export function defaultDirectory(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): string {
  if (platform === 'win32') return win32.join(place(env, 'LOCALAPPDATA', win32), 'latchkey')
  if (platform === 'darwin') {
    return posix.join(place(env, 'HOME', posix), 'Library', 'Application Support', 'latchkey')
  }
  const { XDG_STATE_HOME } = env
  // XDG Base Directory Specification: a relative path is invalid and must be ignored.
  const state = XDG_STATE_HOME && posix.isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : undefined
  return posix.join(state ?? posix.join(place(env, 'HOME', posix), '.local', 'state'), 'latchkey')
}

/** Returns the path in a variable of the environment, if it can be a user's own directory. */
function place(
  env: Readonly<Record<string, string | undefined>>,
  variable: string,
  { isAbsolute, parse }: typeof posix,
): string {
  const path = env[variable] ?? ''
  if (isAbsolute(path) && parse(path).root !== path) return path
  throw new StoreError(
    'ERR_INVALID_OPTION',
    `Sessions cannot be stored, because ${variable} does not name a user's own directory. Set it, or pass \`directory\` to fileStore().`,
  )
}

/** What our files are called: by the hash of a session's name. */
const OURS = /^[0-9a-f]{64}\./

/** Whether there is a directory at `path`, and it is ours alone. */
export async function hasDirectory(path: string): Promise<boolean> {
  try {
    await secure(path, 'directory', { ...atPath(path), chmod: (mode) => tighten(path, mode) })
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** Makes sure that there is a directory at `path` which is ours alone. Missing parents are made alike. */
export async function makeDirectory(path: string): Promise<void> {
  if (await hasDirectory(path)) return
  await create(path)
  await hasDirectory(path)
}

/** Keeps us from closing a home directory or `/tmp` to other users, if it was passed by mistake. */
async function tighten(path: string, mode: number): Promise<void> {
  const files = await readdir(path)
  if (files.length === 0 || files.some((file) => OURS.test(file))) return chmod(path, mode)
  const what = 'is open to other users, and holds other things than sessions'
  throw insecure(path, what, 'Give sessions a directory of their own, or set its mode to 700')
}

async function create(path: string): Promise<void> {
  try {
    await createOne(path)
  } catch (error) {
    if (!isMissing(error)) throw error
    await create(dirname(path))
    await createOne(path)
  }
}

async function createOne(path: string): Promise<void> {
  try {
    await mkdir(path, MODES.directory)
    await chmod(path, MODES.directory) // a strict umask may have taken our own rights
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error // another process was faster
  }
}

/**
 * Makes sure that there is a directory at `path`, before it is watched. Not by `mkdirSync`'s own `recursive`: where a file
 * system answers that a parent is missing which is there, as `/proc` does, Node never returns.
 */
export function makeDirectorySync(path: string): void {
  try {
    createOneSync(path)
  } catch (error) {
    if (!isMissing(error)) throw error
    makeDirectorySync(dirname(path))
    createOneSync(path)
  }
}

function createOneSync(path: string): void {
  try {
    mkdirSync(path, MODES.directory)
    chmodSync(path, MODES.directory) // a strict umask may have taken our own rights
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error // another process was faster
  }
}

/** Makes a rename or removal in the directory last. What is done is done, so no failure is told. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined) // Windows opens no directories
  await handle?.sync().catch(() => undefined)
  await handle?.close().catch(() => undefined)
}
