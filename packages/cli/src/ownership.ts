import { lstat, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import process from 'node:process'

/**
 * Returns the owner of `path` if that is another user, as "another user (uid 1000)". `undefined` if the current user
 * owns it, if it does not exist, and on Windows, which has access lists instead.
 *
 * @param isFollowed Whether to look at the target of a link instead of the link.
 */
export async function otherOwner(path: string, isFollowed = false): Promise<string | undefined> {
  if (process.geteuid === undefined) return undefined
  const stats = await (isFollowed ? stat(path) : lstat(path)).catch(() => undefined)
  return stats && stats.uid !== process.geteuid() ? tellOwner(stats.uid) : undefined
}

export const tellOwner = (uid: number): string =>
  uid === 0 ? 'another user (root)' : `another user (uid ${uid})`

/** Advice for files of another user. Changing their modes would not help. */
export const OWNER_ADVICE =
  'Run latchkey as that user, or set HOME (or XDG_STATE_HOME) to a directory of your own'

/** Returns why `path` cannot be reached: its nearest visible parent directory belongs to another user. */
export async function closedBy(path: string): Promise<string | undefined> {
  for (let above = dirname(path); ; above = dirname(above)) {
    const isSeen = await stat(above).then(
      () => true,
      () => false,
    )
    if (!isSeen && above !== dirname(above)) continue
    const owner = await otherOwner(above, true)
    return owner && `${above} belongs to ${owner}. ${OWNER_ADVICE}.`
  }
}
