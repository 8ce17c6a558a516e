import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { storeContract } from '@latchkey/testing/store-contract'
import { describe, expect, it, test } from 'vitest'
import { defaultDirectory } from '../src/file/directory.ts'
import { renameOpened } from '../src/file/safe-file.ts'
import { fileStore, fileStoreDirectory } from '../src/file.ts'
import { digest, NAME, newPlace, tokensOf } from './support/file-place.ts'

describe('the contract', () => {
  test.each(storeContract())('$name', async ({ run }) => {
    const outcome = await run({
      async place() {
        const { directory, entry } = await newPlace()
        return {
          open: () => fileStore({ directory }),
          read: (name) => readFile(entry(name), 'utf8').catch(() => undefined),
          async write(name, text) {
            await mkdir(directory, { recursive: true, mode: 0o700 })
            await writeFile(entry(name), text, { mode: 0o600 })
          },
        }
      },
    })
    expect(outcome).not.toBe('skipped')
  })
})

describe('a session on disk', () => {
  it('is one file, and neither its name nor any path shows whose it is', async () => {
    const { store, entry, list } = await newPlace()
    await store.setToken(tokensOf('one'), NAME)
    expect(await list()).toEqual([`${digest(NAME)}.json`])
    expect(JSON.parse(await readFile(entry(), 'utf8'))).toEqual({
      name: NAME,
      version: 1,
      ...tokensOf('one'),
    })
  })

  it('keeps the fields that another program added to it', async () => {
    const { store, entry } = await newPlace()
    await store.setToken(tokensOf('one'), NAME)
    const fields = JSON.parse(await readFile(entry(), 'utf8'))
    await writeFile(entry(), JSON.stringify({ ...fields, label: 'mine', nested: { kept: [1] } }))
    await store.setToken(tokensOf('two'), NAME)
    const kept = { label: 'mine', nested: { kept: [1] }, name: NAME, version: 1 }
    expect(JSON.parse(await readFile(entry(), 'utf8'))).toEqual({ ...kept, ...tokensOf('two') })
  })

  it('loses the fields of the one before: a refresh token does not outlive its session', async () => {
    const { store, entry } = await newPlace()
    await store.setToken(tokensOf('one'), NAME)
    await store.setToken({ accessToken: 'CANARY-7f3a-alone' }, NAME)
    expect(JSON.parse(await readFile(entry(), 'utf8'))).toEqual({
      name: NAME,
      version: 1,
      accessToken: 'CANARY-7f3a-alone',
    })
  })

  it('is refused when it is longer than what is read, and the one before stays', async () => {
    const { store, list } = await newPlace()
    await store.setToken(tokensOf('one'), NAME)
    const long = { accessToken: 'CANARY-7f3a'.repeat(100_000) }
    await expect(store.setToken(long, NAME)).rejects.toMatchObject({ code: 'ERR_STORE_TOO_LARGE' })
    expect(await store.getToken(NAME)).toEqual(tokensOf('one'))
    expect(await list()).toHaveLength(1)
  })

  it('comes with no directory until something is stored', async () => {
    const { store, directory } = await newPlace()
    expect(await store.getToken(NAME)).toBe(undefined)
    expect(await store.names()).toEqual([])
    await store.removeToken(NAME)
    await expect(stat(directory)).rejects.toThrow('ENOENT')
  })
})

describe('names()', () => {
  it('leaves out files that are not a session of that name', async () => {
    const { store, entry, directory } = await newPlace()
    await store.setToken(tokensOf('ada'), 'ada')
    await writeFile(entry('copy'), await readFile(entry('ada')), { mode: 0o600 })
    await writeFile(entry('garbage'), 'CANARY-7f3a', { mode: 0o600 })
    await writeFile(join(directory, 'notes.json'), '{}', { mode: 0o600 })
    await store.lock('locked', async () => undefined)
    expect(await store.names()).toEqual(['ada'])
  })
})

describe('a temporary file', () => {
  const left = (entry: string, at: string) => `${entry}.${at}.tmp`

  it('of a killed writer is swept by the next write or removal; a young one is left', async () => {
    const { store, entry, list } = await newPlace()
    const work = [() => store.setToken(tokensOf('two'), NAME), () => store.removeToken(NAME)]
    await store.setToken(tokensOf('one'), NAME)
    for (const next of work) {
      for (const name of ['old', 'young', 'ahead']) await writeFile(left(entry(), name), 'half')
      const [past, future] = [Date.now() / 1000 - 120, Date.now() / 1000 + 7_200]
      await utimes(left(entry(), 'old'), past, past)
      await utimes(left(entry(), 'ahead'), future, future)
      await next()
      const temporaries = (await list()).filter((file) => file.endsWith('.tmp'))
      const leftOver = (at: string) => basename(left(entry(), at))
      expect(new Set(temporaries)).toEqual(new Set(['ahead', 'young'].map(leftOver)))
    }
  })

  it('of another program is not touched', async () => {
    const { store, directory, list } = await newPlace()
    await store.setToken(tokensOf('one'), NAME)
    const path = join(directory, 'editor.tmp')
    await writeFile(path, 'theirs')
    await utimes(path, 0, 0)
    await store.setToken(tokensOf('two'), NAME)
    expect(await list()).toContain('editor.tmp')
  })
})

describe('the directory', () => {
  const invalid = expect.objectContaining({ code: 'ERR_INVALID_OPTION' })

  it.each([
    ['linux', { HOME: '/home/ada' }, '/home/ada/.local/state/latchkey'],
    ['linux', { HOME: '/home/ada', XDG_STATE_HOME: '/state' }, '/state/latchkey'],
    ['linux', { XDG_STATE_HOME: '/state' }, '/state/latchkey'],
    ['linux', { HOME: '/home/ada', XDG_STATE_HOME: 'state' }, '/home/ada/.local/state/latchkey'],
    ['linux', { HOME: '/home/ada', XDG_STATE_HOME: '' }, '/home/ada/.local/state/latchkey'],
    ['freebsd', { HOME: '/home/ada' }, '/home/ada/.local/state/latchkey'],
    ['darwin', { HOME: '/Users/ada' }, '/Users/ada/Library/Application Support/latchkey'],
    [
      'win32',
      { LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local' },
      'C:\\Users\\ada\\AppData\\Local\\latchkey',
    ],
  ] as const)('is the place of %s for state, with %o', (platform, env, path) => {
    expect(defaultDirectory(env, platform)).toBe(path)
  })

  it.each([
    ['linux', {}],
    ['linux', { HOME: '' }],
    ['linux', { HOME: '/' }],
    ['linux', { HOME: 'ada' }],
    ['darwin', {}],
    ['win32', { HOME: '/home/ada' }],
    ['win32', { LOCALAPPDATA: 'C:\\' }],
  ] as const)('is not guessed on %s with %o: an error says so at once', (platform, env) => {
    expect(() => defaultDirectory(env, platform)).toThrow(invalid)
  })

  it('is the default of the store, and can be asked for', () => {
    expect(fileStoreDirectory({ XDG_STATE_HOME: '/s', HOME: '/h', LOCALAPPDATA: 'C:\\l' })).toMatch(
      /latchkey$/,
    )
    expect(() => fileStoreDirectory({})).toThrow(invalid)
  })

  it('is not the working directory by mistake', () => {
    expect(() => fileStore({ directory: '' })).toThrow(invalid)
    expect(() => fileStore({ directory: 7 as never })).toThrow(invalid)
  })

  it('that is removed meanwhile is made again', async () => {
    const { store, directory } = await newPlace()
    await store.setToken(tokensOf('one'), NAME)
    await rm(directory, { recursive: true })
    expect(await store.getToken(NAME)).toBe(undefined)
    await store.setToken(tokensOf('two'), NAME)
    expect(await store.getToken(NAME)).toEqual(tokensOf('two'))
  })

  it('may lie in directories that are not there yet', async () => {
    const { root } = await newPlace()
    const directory = join(root, 'a', 'b', 'c')
    const store = fileStore({ directory })
    await Promise.all([1, 2, 3].map((at) => store.setToken(tokensOf(`${at}`), `${at}`)))
    expect((await store.names()).toSorted()).toEqual(['1', '2', '3'])
    expect((await stat(dirname(directory))).mode & 0o777).toBe(0o700)
  })
})

describe('on Windows a rename', () => {
  const opened = (code: string) => Object.assign(new Error(`${code}: rename`), { code })

  it('waits while another program has the file open', async () => {
    const errors = ['EPERM', 'EACCES', 'EBUSY'].map(opened)
    const rename = () => (errors.length > 0 ? Promise.reject(errors.pop()) : Promise.resolve())
    await renameOpened(rename, 'win32')
    expect(errors).toEqual([])
  })

  it('fails with the system’s error when that lasts', async () => {
    let attempts = 0
    const rename = () => {
      attempts += 1
      return Promise.reject(opened('EPERM'))
    }
    await expect(renameOpened(rename, 'win32', 30)).rejects.toThrow('EPERM')
    expect(attempts).toBeGreaterThan(1)
  })

  it('fails at once for any other reason, and elsewhere for these as well', async () => {
    const attempts: string[] = []
    const failing = (code: string) => () => {
      attempts.push(code)
      return Promise.reject(opened(code))
    }
    await expect(renameOpened(failing('ENOSPC'), 'win32')).rejects.toThrow('ENOSPC')
    await expect(renameOpened(failing('EACCES'), 'linux')).rejects.toThrow('EACCES')
    expect(attempts).toEqual(['ENOSPC', 'EACCES'])
  })
})
