import { chmodSync, type FSWatcher, lstatSync, mkdirSync, watch } from 'node:fs'
import { MODES } from './ownership.ts'
import { markOf } from './safe-file.ts'

/** Who listens to which file, and what they last knew of it. */
export interface Watches {
  /** Calls `listener` when `path` changes. Gives how to stop. Keeps no process alive. */
  watch(path: string, listener: () => void): () => void
  /** Says what `path` is about to be by our own doing, so that nobody is told. `undefined`: nothing. */
  expect(path: string, mark: string | undefined): void
}

export function createWatches(directory: string): Watches {
  const listening = new Set<{ path: string; known: string | undefined }>()
  return {
    watch(path, listener) {
      // What is not there cannot be watched.
      if (mkdirSync(directory, { recursive: true, mode: MODES.directory })) {
        chmodSync(directory, MODES.directory) // a strict umask may have taken our own rights
      }
      const entry = { path, known: look(path) }
      const watcher = watch(directory, { persistent: false }, () => {
        const mark = lookAgain(path, entry.known)
        if (mark === entry.known) return
        entry.known = mark
        listener()
      })
      listening.add(entry)
      const stop = () => {
        listening.delete(entry)
        watcher.close()
      }
      return endingWith(watcher, stop)
    },
    expect(path, mark) {
      for (const entry of listening) if (entry.path === path) entry.known = mark
    },
  }
}

/** A watcher that fails (its directory is gone) is over: changes are then seen at the next renewal. */
function endingWith(watcher: FSWatcher, stop: () => void): () => void {
  watcher.on('error', stop)
  return stop
}

/** The same when an event comes, where throwing would end the process: what cannot be seen is as it was. */
function lookAgain(path: string, known: string | undefined): string | undefined {
  try {
    return look(path)
  } catch {
    return known
  }
}

function look(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && markOf(stats)
}
