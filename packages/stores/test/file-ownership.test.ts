import { execFile } from 'node:child_process'
import {
  chmod,
  chown,
  link,
  mkdir,
  readFile,
  rename,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { fileStore } from '../src/file.ts'
import {
  asNobody,
  type FilePlace,
  NAME,
  newPlace,
  tokensOf,
  withUmask,
} from './support/file-place.ts'

const insecure = expect.objectContaining({ name: 'StoreError', code: 'ERR_STORE_INSECURE' })
const refused = [insecure, insecure]
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

/** A place with a session in it. */
async function signedIn(): Promise<FilePlace> {
  const place = await newPlace()
  await place.store.setToken(tokensOf('one'), NAME)
  return place
}

/** What a store says that is to read, and to replace, what lies there. */
function attempts({ store }: FilePlace): Promise<unknown[]> {
  const works = [
    async () => store.getToken(NAME),
    async () => store.setToken(tokensOf('two'), NAME),
  ]
  return Promise.all(works.map((work) => work().catch((error: unknown) => error)))
}

describe.skipIf(process.platform === 'win32')('a session is its owner’s alone', () => {
  it.each([0o000, 0o022, 0o077, 0o777])(
    'from the first instant, with a umask of %o',
    async (mask) => {
      const place = await asNobody(newPlace)
      await asNobody(() =>
        withUmask(mask, async () => {
          await place.store.setToken(tokensOf('one'), NAME)
          await place.store.lock(NAME, async () => undefined)
          expect(await place.store.getToken(NAME)).toEqual(tokensOf('one'))
        }),
      )
      expect(await modeOf(place.directory)).toBe('700')
      expect(await modeOf(place.entry())).toBe('600')
      expect(await modeOf(place.lock())).toBe('600')
    },
  )

  it.each([0o777, 0o755, 0o710, 0o770])('a directory loosened to %o is tightened', async (mode) => {
    const { store, directory } = await signedIn()
    await chmod(directory, mode)
    expect(await store.getToken(NAME)).toEqual(tokensOf('one'))
    expect(await modeOf(directory)).toBe('700')
  })

  it('a directory that holds anything but sessions is refused, not shut to others', async () => {
    const place = await newPlace()
    await mkdir(place.directory)
    await writeFile(join(place.directory, 'theirs'), '')
    await chmod(place.directory, 0o1777)
    expect(await attempts(place)).toEqual(refused)
    expect(await modeOf(place.directory)).toBe('777')
    await chmod(place.directory, 0o700)
    await place.store.setToken(tokensOf('one'), NAME)
    await chmod(place.directory, 0o755)
    expect(await place.store.getToken(NAME)).toEqual(tokensOf('one'))
    expect(await modeOf(place.directory)).toBe('700')
  })

  it('an empty directory is as good as none: it is shut to others and used', async () => {
    const place = await newPlace()
    await mkdir(place.directory)
    await place.store.setToken(tokensOf('one'), NAME)
    expect(await modeOf(place.directory)).toBe('700')
  })

  it.each([0o644, 0o666, 0o640, 0o604])('a file loosened to %o is tightened', async (mode) => {
    const { store, entry, lock } = await signedIn()
    await store.lock(NAME, async () => undefined)
    await chmod(entry(), mode)
    await chmod(lock(), mode)
    expect(await store.getToken(NAME)).toEqual(tokensOf('one'))
    await store.lock(NAME, async () => undefined)
    expect(await modeOf(entry())).toBe('600')
    expect(await modeOf(lock())).toBe('600')
  })

  it('a symbolic link in place of the file is refused, and what it leads to is left alone', async () => {
    const place = await signedIn()
    const elsewhere = join(place.root, 'elsewhere')
    await rename(place.entry(), elsewhere)
    await symlink(elsewhere, place.entry())
    const before = await readFile(elsewhere, 'utf8')
    expect(await attempts(place)).toEqual(refused)
    expect(await place.store.names()).toEqual([])
    await place.store.removeToken(NAME)
    expect(await readFile(elsewhere, 'utf8')).toBe(before)
    expect(await place.store.getToken(NAME)).toBe(undefined)
  })

  it('a symbolic link to nowhere is refused as well', async () => {
    const place = await signedIn()
    await place.store.removeToken(NAME)
    await symlink(join(place.root, 'nowhere'), place.entry())
    expect(await attempts(place)).toEqual(refused)
    await expect(stat(join(place.root, 'nowhere'))).rejects.toThrow('ENOENT')
  })

  it('a symbolic link in place of the directory is refused', async () => {
    const place = await signedIn()
    await rename(place.directory, join(place.root, 'elsewhere'))
    await symlink(join(place.root, 'elsewhere'), place.directory)
    expect(await attempts(place)).toEqual(refused)
    await expect(place.store.removeToken(NAME)).rejects.toEqual(insecure)
    await expect(place.store.names()).rejects.toEqual(insecure)
  })

  it('a parent may be a link, as home directories are: the directory itself is what counts', async () => {
    const { root } = await newPlace()
    await mkdir(join(root, 'real'))
    await symlink(join(root, 'real'), join(root, 'home'))
    const store = fileStore({ directory: join(root, 'home', 'sessions') })
    await store.setToken(tokensOf('one'), NAME)
    expect(await store.getToken(NAME)).toEqual(tokensOf('one'))
    expect(await modeOf(join(root, 'real', 'sessions'))).toBe('700')
  })

  it('a parent that is a link to nowhere is told, and nothing is made there', async () => {
    const { root } = await newPlace()
    await symlink(join(root, 'nowhere'), join(root, 'home'))
    const store = fileStore({ directory: join(root, 'home', 'sessions') })
    expect(await store.getToken(NAME)).toBe(undefined)
    const storing = async () => store.setToken(tokensOf('one'), NAME)
    await expect(storing()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    await expect(stat(join(root, 'nowhere'))).rejects.toThrow('ENOENT')
  })

  it('a file with a second name elsewhere is refused', async () => {
    const place = await signedIn()
    await link(place.entry(), join(place.root, 'elsewhere'))
    expect(await attempts(place)).toEqual(refused)
  })

  it('a pipe is refused, without waiting for its writer', async () => {
    const place = await signedIn()
    await place.store.removeToken(NAME)
    await promisify(execFile)('mkfifo', ['-m', '600', place.entry()])
    expect(await attempts(place)).toEqual(refused)
  })

  it('a directory in place of the file, and a file in place of the directory, are refused', async () => {
    const place = await newPlace()
    await mkdir(place.entry(), { recursive: true, mode: 0o700 })
    await chmod(place.directory, 0o700)
    expect(await attempts(place)).toEqual(refused)
    const other = await newPlace()
    await writeFile(other.directory, '')
    expect(await attempts(other)).toEqual(refused)
  })

  it.skipIf(process.geteuid?.() !== 0)('another user’s file or directory is refused', async () => {
    const place = await signedIn()
    await chown(place.entry(), 65_534, 65_534)
    expect(await attempts(place)).toEqual(refused)
    await chown(place.entry(), 0, 0)
    expect(await place.store.getToken(NAME)).toEqual(tokensOf('one'))
    await chown(place.directory, 65_534, 65_534)
    expect(await attempts(place)).toEqual(refused)
    await expect(place.store.removeToken(NAME)).rejects.toEqual(insecure)
  })
})
