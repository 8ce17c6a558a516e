/** How long a tab shows that it has written or removed a session, in milliseconds: longer than any write travels. */
const SHOWN_MS = 2_000

/** How long a tab waits for a change that it was told of, in milliseconds. */
const ARRIVAL_LIMIT_MS = 1_000

/**
 * What makes a lock hand over what was written under it.
 *
 * Browsers send localStorage and locks on different ways, and a lock often arrives first: in Chromium
 * one in five new holders reads what was there before, and would present a refresh token that is spent.
 * So a tab that writes or removes holds a shared lock for a moment, whose name says what it did and when.
 * Locks are seen in order: the next holder finds it, and waits until its own storage is as new.
 */
export interface HandOver {
  /** To be awaited after each change, which happened at `at`. */
  show(change: Change, name: string, at: number): Promise<void>
  /**
   * Resolves when the storage has what was shown last, or does not get there. `newest` says when the
   * entry in it was written; 0 when there is none.
   */
  catchUp(name: string, newest: () => number): Promise<void>
}

type Change = 'written' | 'removed'

const noLocks: LockManagerSnapshot = {}

export function handOver(locks: LockManager, app: string): HandOver {
  const mark = (change: Change, name: string, at: number | '') =>
    `latchkey-${change}:${app}:${name}:${at}`
  return {
    show(change, name, at) {
      const shown = Promise.withResolvers<void>()
      const held = locks.request(mark(change, name, at), { mode: 'shared' }, async () => {
        shown.resolve()
        await new Promise((resolve) => void setTimeout(resolve, SHOWN_MS))
      })
      held.catch(shown.resolve) // no locks here, so no tab waits for one
      return shown.promise
    },
    async catchUp(name, newest) {
      const { held = [] } = await locks.query().catch(() => noLocks) // refused, as all locks are here
      const last = (change: Change) => {
        const prefix = mark(change, name, '')
        const seen = held.flatMap((lock) => (lock.name?.startsWith(prefix) ? [lock.name] : []))
        return Math.max(...seen.map((full) => Number(full.slice(prefix.length)) || 0))
      }
      const [written, removed] = [last('written'), last('removed')]
      await arrival(() => {
        const at = newest()
        return removed > written ? at === 0 || at > removed : at >= written
      })
    },
  }
}

/** Resolves when `hasArrived()` is true after a change of the storage, or not in time. */
function arrival(hasArrived: () => boolean): Promise<void> {
  if (hasArrived()) return Promise.resolve()
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(limit)
      removeEventListener('storage', look)
      resolve()
    }
    const look = () => {
      if (hasArrived()) stop()
    }
    const limit = setTimeout(stop, ARRIVAL_LIMIT_MS)
    addEventListener('storage', look)
  })
}
