import { lstat, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import process from 'node:process'

/**
 * Who owns `path`, where that is somebody else than who runs this: "another user (uid 1000)". `undefined` where
 * it is ours, or not there, or on Windows, which has access lists.
 *
 * @param isFollowed Whether a link stands for what it leads to.
 */
export async function otherOwner(path: string, isFollowed = false): Promise<string | undefined> {
  if (process.geteuid === undefined) return undefined
  const stats = await (isFollowed ? stat(path) : lstat(path)).catch(() => undefined)
  return stats && stats.uid !== process.geteuid() ? tellOwner(stats.uid) : undefined
}

export const tellOwner = (uid: number): string =>
  uid === 0 ? 'another user (root)' : `another user (uid ${uid})`

/** What helps where files are another user's: changing their modes does not. */
export const OWNER_ADVICE =
  'Run latchkey as that user, or set HOME (or XDG_STATE_HOME) to a directory of your own'

/** What keeps us from looking at `path`: the nearest folder above it that we see, where it is another user's. */
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
