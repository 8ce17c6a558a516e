import { type FSWatcher, lstatSync, watch } from 'node:fs'
import { basename } from 'node:path'
import { makeDirectorySync } from './directory.ts'
import { markOf } from './safe-file.ts'

/** Who listens to which file, and what they last knew of it. */
export interface Watches {
  /** Calls `listener` when `path` changes. Returns how to stop. Keeps no process alive. */
  watch(path: string, listener: () => void): () => void
  /**
   * Runs `change`, after which `path` is what `mark` says (`undefined`: nothing). All listeners are told once, at its end:
   * several managers may share this store.
   */
  changing<T>(path: string, mark: string | undefined, change: () => Promise<T>): Promise<T>
}

interface Listening {
  path: string
  known: string | undefined
  listener: () => void
}

/** One watcher for the directory, however many listen: an event is looked into by the listeners of that file only. */
export function createWatches(directory: string): Watches {
  const byFile = new Map<string, Set<Listening>>()
  let watcher: FSWatcher | undefined
  const of = (path: string) => [...(byFile.get(basename(path)) ?? [])]

  function look(entry: Listening): void {
    const mark = lookAgain(entry.path, entry.known)
    if (mark === entry.known) return
    entry.known = mark
    entry.listener()
  }

  function open(): void {
    makeDirectorySync(directory) // what is not there cannot be watched
    watcher ??= watch(directory, { persistent: false }, (_, file) => {
      const concerned = file === null ? [...byFile.values()].flatMap((all) => [...all]) : of(file)
      for (const entry of concerned) look(entry)
    }).on('error', close) // its directory is gone: changes are then seen at the next renewal
  }

  function close(): void {
    watcher?.close()
    watcher = undefined
    byFile.clear()
  }

  return {
    watch(path, listener) {
      open()
      const entry: Listening = { path, known: markAt(path), listener }
      const file = basename(path)
      byFile.set(file, (byFile.get(file) ?? new Set()).add(entry))
      return () => {
        const all = byFile.get(file)
        if (!all?.delete(entry)) return
        if (all.size === 0) byFile.delete(file)
        if (byFile.size === 0) close()
      }
    },
    async changing(path, mark, change) {
      for (const entry of of(path)) entry.known = mark
      const changed = await change()
      for (const entry of of(path)) entry.listener()
      return changed
    },
  }
}

/** The same when an event comes, where throwing would end the process: what cannot be seen is as it was. */
function lookAgain(path: string, known: string | undefined): string | undefined {
  try {
    return markAt(path)
  } catch {
    return known
  }
}

function markAt(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && markOf(stats)
}
