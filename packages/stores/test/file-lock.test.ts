import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLockFile, takeLock } from '../src/file/file-lock.ts'
import { fileStore } from '../src/file.ts'
import { asNobody, NAME, newPlace, tokensOf } from './support/file-place.ts'

const script = fileURLToPath(new URL('support/lock-holder.ts', import.meta.url))
const locked = expect.objectContaining({ name: 'StoreError', code: 'ERR_STORE_LOCKED' })

/** A directory with nothing in it but, later, `test.lock`. */
async function lockPlace() {
  const { directory } = await newPlace()
  await mkdir(directory, { mode: 0o700 })
  return { directory, path: join(directory, 'test.lock') }
}

const holder = (...args: string[]) => holderAfter('', ...args)

/** A holder in a runtime that `code` has changed before. */
function holderAfter(code: string, ...args: string[]): ChildProcess {
  const execArgv = ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
  const child = fork(script, args, { execArgv })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** What the child says first: `held`, or why not. */
const word = async (child: ChildProcess | Worker): Promise<string> =>
  (await once(child, 'message'))[0]

/** Whether the lock can be taken without patience; it is given back. */
async function isFree(path: string): Promise<boolean> {
  try {
    const free = await takeLock(path, 0)
    free()
    return true
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_STORE_LOCKED') throw error
    return false
  }
}

describe('the lock', () => {
  it('of a killed process is free at once', async () => {
    const { directory, path } = await lockPlace()
    const child = holder(directory, '0', 'Infinity')
    expect(await word(child)).toBe('held')
    expect(await isFree(path)).toBe(false)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await isFree(path)).toBe(true)
  })

  it.skipIf(process.platform === 'win32')(
    'of a suspended process stays its own: others are told, and never let in',
    async () => {
      const { directory, path } = await lockPlace()
      const child = holder(directory, '0', 'Infinity')
      expect(await word(child)).toBe('held')
      child.kill('SIGSTOP')
      await expect(takeLock(path, 50)).rejects.toEqual(locked)
      child.kill('SIGCONT')
      expect(await isFree(path)).toBe(false)
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect(await isFree(path)).toBe(true)
    },
  )

  it('is not waited for any more once the signal aborts', async () => {
    const { path } = await lockPlace()
    await createLockFile(path)
    const free = await takeLock(path)
    const leaving = new AbortController()
    const waiting = takeLock(path, Infinity, leaving.signal)
    leaving.abort()
    await expect(waiting).rejects.toEqual(locked)
    free()
    expect(await isFree(path)).toBe(true)
  })

  it('counts between the threads of a process, and ends with a thread', async () => {
    const { directory, path } = await lockPlace()
    const thread = new Worker(script, { workerData: [directory, '0', 'Infinity'], execArgv: [] })
    expect(await word(thread)).toBe('held')
    expect(await isFree(path)).toBe(false)
    await thread.terminate()
    expect(await isFree(path)).toBe(true)
  })

  it('is not lost when others of the same process try it, or use the store', async () => {
    const { directory, path } = await lockPlace()
    await createLockFile(path)
    const free = await takeLock(path)
    const store = fileStore({ directory })
    await createLockFile(path)
    await expect(takeLock(path, 10)).rejects.toEqual(locked)
    await store.setToken(tokensOf('one'), NAME)
    await store.names()
    await store.removeToken(NAME)
    // Where locks are POSIX's, only another process can tell.
    expect(await word(holder(directory, '0', '0'))).toBe('ERR_STORE_LOCKED')
    free()
    expect(await word(holder(directory, '0', '0'))).toBe('held')
  })

  it('lets ten processes in one after the other, the one that makes it included', async () => {
    const { directory } = await lockPlace()
    const journal = join(directory, 'journal')
    const children = Array.from({ length: 10 }, () => holder(directory, '20000', '5', journal))
    await Promise.all(children.map((child) => once(child, 'exit')))
    const lines = (await readFile(journal, 'utf8')).trim().split('\n')
    const visits = lines.flatMap((line, at) =>
      line.startsWith('<') ? [[line, lines[at + 1]]] : [],
    )
    expect(visits).toHaveLength(10)
    for (const [came, went] of visits) expect(went).toBe(came?.replace('<', '>'))
  })

  it('is made in another way on a file system without hard links', async () => {
    const { directory, path } = await lockPlace()
    const without = `import fs from 'node:fs/promises'
      import { syncBuiltinESMExports } from 'node:module'
      fs.link = () => Promise.reject(new Error('EPERM'))
      syncBuiltinESMExports()`
    const child = holderAfter(without, directory, '0', 'Infinity')
    expect(await word(child)).toBe('held')
    expect(await isFree(path)).toBe(false)
    expect(await readdir(directory)).toEqual(['test.lock'])
  })

  it('needs node:sqlite, and says so where there is none', async () => {
    const { directory } = await lockPlace()
    const without = `import process from 'node:process'
      process.getBuiltinModule = () => undefined`
    expect(await word(holderAfter(without, directory, '0', '0'))).toBe('ERR_STORE_PEER_MISSING')
  })

  it('is an empty file, readable by its owner alone, and stays where it is', async () => {
    const { store, lock, list } = await newPlace()
    await store.lock(NAME, async () => {
      expect(await list()).toHaveLength(1)
    })
    const { size, mode } = await stat(lock())
    expect({ size, mode: (mode & 0o777).toString(8) }).toEqual({ size: 0, mode: '600' })
  })
})

describe('a path that is not a lock', () => {
  const codeOf = (code: string) => expect.objectContaining({ code })

  it('is an error: a file with content, a link, a directory', async () => {
    const { store, directory, lock, root } = await newPlace()
    await mkdir(directory, { mode: 0o700 })
    await writeFile(lock('text'), 'no database', { mode: 0o600 })
    await symlink(join(root, 'nowhere'), lock('link'))
    await mkdir(lock('directory'))
    const run = () => Promise.reject(new Error('ran'))
    await expect(store.lock('text', run)).rejects.toEqual(codeOf('ERR_STORE_UNAVAILABLE'))
    await expect(store.lock('link', run)).rejects.toEqual(codeOf('ERR_STORE_INSECURE'))
    await expect(store.lock('directory', run)).rejects.toEqual(codeOf('ERR_STORE_INSECURE'))
  })

  it('is not needed if no session can be stored, as in a refused directory', async () => {
    const { store, directory, root } = await newPlace()
    await symlink(root, directory)
    expect(await store.lock(NAME, async () => 'ran')).toBe('ran')
  })

  it.skipIf(process.platform === 'win32')(
    'is not needed if no session can be stored, as in a read-only directory',
    async () => {
      const { store, directory, root } = await asNobody(newPlace)
      await asNobody(async () => {
        await mkdir(directory, { mode: 0o500 })
        expect(await store.lock(NAME, async () => 'ran')).toBe('ran')
        await chmod(directory, 0o700)
        const below = fileStore({ directory: join(directory, 'sessions') })
        await chmod(directory, 0o500)
        expect(await below.lock(NAME, async () => 'ran')).toBe('ran')
        await chmod(root, 0o700)
      })
    },
  )
})
