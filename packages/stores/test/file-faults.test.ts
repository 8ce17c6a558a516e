import { execFile } from 'node:child_process'
import { once } from 'node:events'
import fs, { watch } from 'node:fs'
import { chmod, readFile, truncate, writeFile } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { inspect, promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { fileStore } from '../src/file.ts'
import { asNobody, type FilePlace, NAME, newPlace, tokensOf } from './support/file-place.ts'

const script = fileURLToPath(new URL('support/short-of.ts', import.meta.url))

/** How an attempt fails: our code, the system's, and no token in what it prints. */
async function failure(work: unknown): Promise<[unknown, unknown]> {
  const error = await Promise.resolve(work).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain('CANARY')
  const { code, cause } = (error ?? {}) as { code?: string; cause?: { code?: string } }
  return [code, cause?.code]
}

/** A place with a session in it. */
async function signedIn(): Promise<FilePlace> {
  const place = await newPlace()
  await place.store.setToken(tokensOf('ümläut'), NAME)
  return place
}

describe('a damaged file', () => {
  /** What is got from `bytes`, or from what lies there: a session, or the code of the error. */
  async function got({ store, entry }: FilePlace, bytes?: Uint8Array | string): Promise<unknown> {
    if (bytes !== undefined) await writeFile(entry(), bytes)
    const [code] = await failure(store.getToken(NAME))
    return code ?? store.getToken(NAME)
  }

  it('cut off at any byte is not a session', async () => {
    const place = await signedIn()
    const whole = await readFile(place.entry())
    const seen = new Set<unknown>()
    for (let length = 0; length < whole.length; length += 1) {
      seen.add(await got(place, whole.subarray(0, length)))
    }
    expect([...seen]).toEqual(['ERR_STORE_GARBAGE'])
    expect(await got(place, whole)).toEqual(tokensOf('ümläut'))
  })

  it('with a byte order mark, NULs or bytes that are not UTF-8 is not a session', async () => {
    const place = await signedIn()
    const whole = await readFile(place.entry())
    const at = whole.indexOf('ü')
    const broken = {
      bom: Buffer.concat([Buffer.from('\ufeff'), whole]),
      zeroed: Buffer.alloc(whole.length),
      tail: Buffer.concat([whole, Buffer.alloc(512)]),
      utf16: Buffer.from(whole.toString(), 'utf16le'),
      latin1: Buffer.from(whole.toString(), 'latin1'),
      half: Buffer.concat([whole.subarray(0, at + 1), whole.subarray(at + 2)]),
    }
    for (const [what, bytes] of Object.entries(broken)) {
      expect([what, await got(place, bytes)]).toEqual([what, 'ERR_STORE_GARBAGE'])
    }
  })

  it('that is far too long is not a session, and is not read at all', async () => {
    const place = await signedIn()
    await truncate(place.entry(), 4_000_000_000) // takes no space, and more memory than there may be
    expect(await got(place)).toBe('ERR_STORE_GARBAGE')
  })

  it('with other line ends is the same session: people open it in editors', async () => {
    const place = await signedIn()
    const text = JSON.stringify(JSON.parse(await readFile(place.entry(), 'utf8')), null, 2)
    expect(await got(place, `${text.replaceAll('\n', '\r\n')}\r\n`)).toEqual(tokensOf('ümläut'))
  })

  it('with a field twice has the last one, as JSON has it everywhere', async () => {
    const place = await signedIn()
    const text = '{"version":1,"accessToken":"CANARY-7f3a-a","accessToken":"CANARY-7f3a-b"}'
    expect(await got(place, text)).toEqual({ accessToken: 'CANARY-7f3a-b' })
  })
})

describe('a write that fails leaves the session before it, and no temporary file', () => {
  it.skipIf(process.platform === 'win32')('where the directory cannot be written', async () => {
    const place = await asNobody(signedIn)
    await asNobody(async () => {
      await chmod(place.directory, 0o500)
      const two = place.store.setToken(tokensOf('two'), NAME)
      expect(await failure(two)).toEqual(['ERR_STORE_DENIED', 'EACCES'])
      const removal = place.store.removeToken(NAME)
      expect(await failure(removal)).toEqual(['ERR_STORE_DENIED', 'EACCES'])
      expect(await place.store.getToken(NAME)).toEqual(tokensOf('ümläut'))
      await chmod(place.directory, 0o700)
      expect(await place.list()).toHaveLength(1)
    })
  })

  it.skipIf(process.platform === 'win32')('where the file cannot be read', async () => {
    const place = await asNobody(signedIn)
    await asNobody(async () => {
      await chmod(place.entry(), 0o000)
      expect(await failure(place.store.getToken(NAME))).toEqual(['ERR_STORE_DENIED', 'EACCES'])
    })
  })

  it('where there can be no directory', async () => {
    const { root } = await newPlace()
    await writeFile(join(root, 'file'), '')
    const inFile = fileStore({ directory: join(root, 'file', 'sessions') })
    const tooLong = fileStore({ directory: join(root, 'x'.repeat(300)) })
    for (const work of [
      (store: typeof inFile) => store.setToken(tokensOf('one'), NAME),
      (store: typeof inFile) => store.getToken(NAME),
    ]) {
      expect(await failure(work(inFile))).toEqual(['ERR_STORE_DENIED', 'ENOTDIR'])
      expect(await failure(work(tooLong))).toEqual(['ERR_STORE_UNAVAILABLE', 'ENAMETOOLONG'])
    }
  })

  it.skipIf(process.platform === 'win32').each([
    ['file handles', 'ulimit -n 48', ['100', 'files'], 'ERR_STORE_UNAVAILABLE EMFILE'],
    ['the size that a file may have', 'ulimit -f 8', ['100000'], 'ERR_STORE_FULL EFBIG'],
  ])('where the process is short of %s', async (_, limit, args, expected) => {
    const { directory, store, list } = await newPlace()
    const command = `${limit}; exec "$0" "$@"`
    const run = promisify(execFile)
    const { stdout } = await run('sh', [
      '-c',
      command,
      process.execPath,
      script,
      directory,
      ...args,
    ])
    expect(stdout.trim()).toBe(expected)
    expect(await store.getToken('me')).toEqual({ accessToken: 'CANARY-7f3a-before' })
    expect(await list()).toHaveLength(1)
  })
})

describe('who listens', () => {
  it('is told of each change once, whichever store made it', async () => {
    const { store, directory } = await newPlace()
    const told: string[] = []
    const off = store.subscribe(NAME, () => void told.push('mine'))
    const other = fileStore({ directory })
    const offOther = other.subscribe(NAME, () => void told.push('theirs'))
    await store.setToken(tokensOf('one'), NAME)
    await expect.poll(() => told.toSorted()).toEqual(['mine', 'theirs'])
    await other.removeToken(NAME)
    await expect.poll(() => told.toSorted()).toEqual(['mine', 'mine', 'theirs', 'theirs'])
    off()
    offOther()
  })

  it('looks at no file but its own: the cost of a change does not grow with those who listen to others', async () => {
    const { store, directory } = await newPlace()
    const names = Array.from({ length: 200 }, (_, at) => `user-${at}`)
    for (const name of names) await store.setToken(tokensOf(name), name)
    const looks = vi.spyOn(fs, 'lstatSync')
    syncBuiltinESMExports()
    const offs = names.map((name) => store.subscribe(name, () => undefined))
    const before = looks.mock.calls.length
    let isTold = false
    const off = store.subscribe('user-7', () => (isTold = true))
    await fileStore({ directory }).setToken(tokensOf('again'), 'user-7')
    await expect.poll(() => isTold).toBe(true)
    expect(looks.mock.calls.length - before).toBeLessThan(20)
    for (const each of [...offs, off]) each()
    looks.mockRestore()
    syncBuiltinESMExports()
  })

  it('may do so before there is a directory, and keeps no process alive', async () => {
    const { directory } = await newPlace()
    const source = new URL('../src/file.ts', import.meta.url).href
    const code = `
      import { fileStore } from ${JSON.stringify(source)}
      const store = fileStore({ directory: ${JSON.stringify(directory)} })
      store.subscribe('me', () => undefined)
      await store.setToken({ accessToken: 'CANARY-7f3a' }, 'me')
      await store.lock('me', async () => undefined)`
    const args = ['--input-type=module', '--eval', code]
    const ended = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
    expect(ended.stdout).toBe('')
  })

  it.skipIf(process.platform === 'win32')(
    'survives a directory that is shut to its owner, and hears again once it is open',
    async () => {
      const place = await asNobody(signedIn)
      await asNobody(async () => {
        const told: string[] = []
        const off = place.store.subscribe(NAME, () => void told.push('told'))
        const witness = watch(place.directory) // its event comes after the store's
        await Promise.all([once(witness, 'change'), chmod(place.directory, 0o000)])
        witness.close()
        await chmod(place.directory, 0o700)
        await fileStore({ directory: place.directory }).removeToken(NAME)
        await expect.poll(() => told).toEqual(['told'])
        off()
      })
    },
  )

  it('is told why it cannot be, where there can be no directory', async () => {
    const { root } = await newPlace()
    await writeFile(join(root, 'file'), '')
    const store = fileStore({ directory: join(root, 'file', 'sessions') })
    const listen = async () => store.subscribe(NAME, () => undefined)
    expect(await failure(listen())).toEqual(['ERR_STORE_UNAVAILABLE', 'ENOTDIR'])
  })

  it.skipIf(process.platform !== 'linux')(
    'is told at once where the system denies a parent that is there: in /proc Node’s own recursive mkdir never returns',
    async () => {
      const source = new URL('../src/file.ts', import.meta.url).href
      const code = `
        import { fileStore } from ${JSON.stringify(source)}
        try { fileStore().subscribe('me', () => undefined) } catch ({ code }) { console.log(code) }`
      const args = ['--input-type=module', '--eval', code]
      const env = { ...process.env, HOME: '/proc', XDG_STATE_HOME: '' }
      const ended = await promisify(execFile)(process.execPath, args, { timeout: 20_000, env })
      expect(ended.stdout).toBe('ERR_STORE_UNAVAILABLE\n')
    },
  )
})
