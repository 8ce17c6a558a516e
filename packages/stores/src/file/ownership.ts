import { chmod, lstat } from 'node:fs/promises'
import process from 'node:process'
import { StoreError } from '../store-error.ts'

/** The modes we give, and tighten to: nothing for the group, nothing for others. */
export const MODES = { file: 0o600, directory: 0o700 } as const

/** What is asked of Node's `Stats`. */
interface Stats {
  readonly uid: number
  readonly mode: number
  readonly nlink: number
  readonly size: number
  isFile(): boolean
  isDirectory(): boolean
}

/** Something whose owner and mode can be seen and set: an open handle, or a path. */
export interface Inspectable {
  stat(): Promise<Stats>
  chmod(mode: number): Promise<void>
}

/** What lies at `path` itself: a symbolic link is looked at, not followed. */
export function atPath(path: string): Inspectable {
  return { stat: () => lstat(path), chmod: (mode) => chmod(path, mode) }
}

/**
 * Makes sure that `path` has the right kind, belongs to this user and is closed to other users. Corrects too open
 * modes with `subject.chmod`. On Windows it checks only the kind, because the profile's access list excludes other
 * users.
 *
 * @throws {StoreError} `ERR_STORE_INSECURE`; and what the system throws.
 */
export async function secure(
  path: string,
  kind: keyof typeof MODES,
  subject: Inspectable = atPath(path),
): Promise<Stats> {
  const stats = await subject.stat()
  const isKind = kind === 'file' ? stats.isFile() : stats.isDirectory()
  if (!isKind) throw insecure(path, `is not a ${kind} (it may be a link)`, AWAY)
  if (process.geteuid === undefined) return stats
  if (stats.uid !== process.geteuid()) throw insecure(path, 'belongs to another user', AWAY)
  if (isTight(stats)) return stats
  const cause = await subject.chmod(MODES[kind]).catch((error: unknown) => {
    if (error instanceof StoreError) throw error
    return error
  })
  if (isTight(await subject.stat())) return stats
  const advice = `Set its mode to ${MODES[kind].toString(8)}`
  throw insecure(path, 'is open to other users, and its mode cannot be changed', advice, { cause })
}

const isTight = ({ mode }: Stats) => (mode & 0o077) === 0

export const AWAY = 'Find out who created it, and remove it'

export function insecure(
  path: string,
  what: string,
  advice: string,
  options?: { cause: unknown },
): StoreError {
  const message = `${path} ${what}, so no session is read from it or kept in it. ${advice}.`
  return new StoreError('ERR_STORE_INSECURE', message, options)
}
