import { execFile } from 'node:child_process'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { inspect, promisify } from 'node:util'
import { bearer, createTokenManager, type LatchkeyError, type TokenSet } from '@latchkey/core'
import { fileStore } from '@latchkey/stores/file'
import { describe, expect, it, onTestFinished } from 'vitest'
import { canMount, mountSmallDisk, type SmallDisk } from '../src/files/small-disk.ts'

const NAME = 'https://api.test'
const PAGE = 4_096

const tokensOf = (label: string, length = 100): TokenSet => ({
  accessToken: `CANARY-7f3a-${label}`.padEnd(length, 'x'),
  refreshToken: `CANARY-7f3a-refresh-${label}`,
})

/** A store with a session in it, on a disk of its own. */
async function onDisk(kibibytes: number, inodes?: number) {
  const disk: SmallDisk = await mountSmallDisk(kibibytes, inodes)
  onTestFinished(() => disk.unmount())
  const directory = join(disk.path, 'sessions')
  const store = fileStore({ directory })
  await store.setToken(tokensOf('old'), NAME)
  return { disk, directory, store }
}

/** How it fails: our code and the system's, and no token in what is printed. */
async function failure(work: unknown): Promise<string> {
  const error = await Promise.resolve(work).then(
    () => undefined,
    (thrown: LatchkeyError) => thrown,
  )
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain('CANARY')
  return `${error?.code} ${(error?.cause as { code?: string } | undefined)?.code}`
}

const isMountable = await canMount()

describe.skipIf(!isMountable)('on a full disk', () => {
  it('a session that does not fit is refused, and the one before it stays whole', async () => {
    const { disk, directory, store } = await onDisk(64)
    for (let pages = 0; pages < 5; pages += 1) {
      await disk.fill(pages * PAGE)
      const long = store.setToken(tokensOf('new', 5 * PAGE), NAME)
      expect([pages, await failure(long)]).toEqual([pages, 'ERR_STORE_FULL ENOSPC'])
      expect(await store.getToken(NAME)).toEqual(tokensOf('old'))
      expect(await readdir(directory)).toHaveLength(1)
    }
    await disk.clear()
    await store.setToken(tokensOf('new', 5 * PAGE), NAME)
    expect(await store.getToken(NAME)).toEqual(tokensOf('new', 5 * PAGE))
  })

  it('a session can be removed, and a renewal be locked', async () => {
    const { disk, store } = await onDisk(64)
    await disk.fill(0)
    expect(await store.lock(NAME, async () => 'ran')).toBe('ran')
    await store.removeToken(NAME)
    expect(await store.getToken(NAME)).toBe(undefined)
  })

  it('with no room for another file, a session is refused and a renewal runs all the same', async () => {
    // The root, the directory and two sessions: no more.
    const { directory, store } = await onDisk(64, 4)
    await store.setToken(tokensOf('other'), 'other')
    expect(await failure(store.setToken(tokensOf('new'), NAME))).toBe('ERR_STORE_FULL ENOSPC')
    expect(await store.getToken(NAME)).toEqual(tokensOf('old'))
    expect(await store.lock(NAME, async () => 'ran')).toBe('ran')
    expect((await readdir(directory)).filter((file) => !file.endsWith('.json'))).toEqual([])
  })

  it('a manager goes on in memory, tells it once, and stores the next session that fits', async () => {
    const { disk, store } = await onDisk(64)
    await disk.fill(0)
    let count = 0
    const request = async () => tokensOf(`renewed-${(count += 1)}`, 2 * PAGE)
    const grants = [{ name: 'scripted', request }]
    const origin = 'https://api.test'
    const manager = createTokenManager({ origin, scheme: bearer(), grants, store, name: NAME })
    const told: unknown[] = []
    manager.on('storeFailed', ({ operation, error }) =>
      told.push([operation, (error.cause as { code?: string } | undefined)?.code]),
    )
    for (const label of ['renewed-1', 'renewed-2']) {
      await manager.refresh()
      expect(await manager.getTokens()).toEqual(tokensOf(label, 2 * PAGE))
    }
    expect(told).toEqual([['set', 'ERR_STORE_FULL']])
    expect(await store.getToken(NAME)).toEqual(tokensOf('old'))
    await disk.clear()
    await manager.refresh()
    expect(await store.getToken(NAME)).toEqual(tokensOf('renewed-3', 2 * PAGE))
    manager.dispose()
  })
})

describe.skipIf(!isMountable)('on a disk that became read-only', () => {
  it('the session is read, and what would change it is denied', async () => {
    const { disk, directory, store } = await onDisk(64)
    await store.lock(NAME, async () => undefined)
    const [before] = (await readdir(directory)).filter((file) => file.endsWith('.json'))
    const text = await readFile(join(directory, before ?? ''), 'utf8')
    await disk.readOnly()
    expect(await store.getToken(NAME)).toEqual(tokensOf('old'))
    expect(await failure(store.setToken(tokensOf('new'), NAME))).toBe('ERR_STORE_DENIED EROFS')
    expect(await failure(store.removeToken(NAME))).toBe('ERR_STORE_DENIED EROFS')
    expect(await readFile(join(directory, before ?? ''), 'utf8')).toBe(text)
  })

  it('a renewal runs all the same, whether or not it was ever locked before', async () => {
    const { disk, store } = await onDisk(64)
    await store.lock('before', async () => undefined)
    await disk.readOnly()
    expect(await store.lock('before', async () => 'ran')).toBe('ran')
    expect(await store.lock('never', async () => 'ran')).toBe('ran')
  })

  it('a mode that was loosened and cannot be tightened is refused', async () => {
    const { disk, directory, store } = await onDisk(64)
    const [file = ''] = await readdir(directory)
    await chmod(join(directory, file), 0o644)
    await disk.readOnly()
    expect(await failure(store.getToken(NAME))).toBe('ERR_STORE_INSECURE EROFS')
  })

  it('a store that was never used there says so', async () => {
    const { disk } = await onDisk(64)
    await disk.readOnly()
    const store = fileStore({ directory: join(disk.path, 'new') })
    expect(await store.getToken(NAME)).toBe(undefined)
    expect(await failure(store.setToken(tokensOf('new'), NAME))).toBe('ERR_STORE_DENIED EROFS')
  })
})

describe.skipIf(!isMountable)('a session that can be read and not replaced', () => {
  it.for<[what: string, lock: string, free: string]>([
    ['is a file mounted by itself', 'mount --bind COPY FILE', 'umount FILE'],
    ['is immutable', 'chattr +i FILE', 'chattr -i FILE'],
    ['lies where files can only be added', 'chattr +a FOLDER', 'chattr -a FOLDER'],
  ])('%s: the store says that it cannot be written', async ([, lock, free], { skip }) => {
    const { disk, directory, store } = await onDisk(64)
    expect(await store.canWrite(NAME)).toBe(true)
    const [name = ''] = await readdir(directory)
    const [file, copy] = [join(directory, name), join(disk.path, 'copy')]
    await writeFile(copy, await readFile(file), { mode: 0o600 })
    const env = { ...process.env, FILE: file, COPY: copy, FOLDER: directory }
    const run = (command: string) =>
      promisify(execFile)('sh', ['-c', command.replaceAll(/[A-Z]{4,}/g, '"$$$&"')], { env })
    const isLocked = await run(lock).catch(() => undefined)
    skip(!isLocked) // older kernels have no attributes on such a disk
    onTestFinished(async () => void (await run(free)))
    expect(await store.getToken(NAME)).toEqual(tokensOf('old'))
    expect(await store.canWrite(NAME)).toBe(false)
    expect(await failure(store.setToken(tokensOf('new'), NAME))).toMatch(/EBUSY|EPERM/)
  })

  it('is longer than what is left on the disk', async () => {
    const { disk, store } = await onDisk(128)
    await store.setToken(tokensOf('old', 5 * PAGE), NAME)
    await disk.fill(4 * PAGE)
    expect(await store.canWrite(NAME)).toBe(false)
    await disk.clear()
    expect(await store.canWrite(NAME)).toBe(true)
  })
})
