// Another process, or thread, at a lock. Its arguments: the directory, how long to wait in milliseconds,
// how long to stay inside (`Infinity`: until it is ended), and a journal to tell its coming and going to.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { createLockFile, takeLock } from '../../src/file/file-lock.ts'

const [directory = '', limitMs, stayMs, journal] = isMainThread ? process.argv.slice(2) : workerData
const path = join(directory, 'test.lock')
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window's
const tell = (what: string) => (isMainThread ? process.send?.(what) : parentPort?.postMessage(what))
const note = (mark: string) => journal && appendFileSync(journal, `${mark}${process.pid}\n`)

try {
  await createLockFile(path)
  const free = await takeLock(path, Number(limitMs))
  note('<')
  tell('held')
  if (stayMs === 'Infinity') setInterval(() => undefined, 1_000)
  else {
    await setTimeout(Number(stayMs))
    note('>')
    free()
  }
} catch (error) {
  tell((error as { code: string }).code)
}
if (stayMs !== 'Infinity' && isMainThread) process.disconnect()
