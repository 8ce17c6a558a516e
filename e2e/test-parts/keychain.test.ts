import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { keychainStore } from '@latchkey/stores/keychain'
import { storeContract, type StorePlace } from '@latchkey/testing/store-contract'
import { AsyncEntry, findCredentialsAsync } from '@napi-rs/keyring'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Outcome } from '../src/keychain/process.ts'
import { type KeyringSession, startKeyringSession } from '../src/keychain/keyring-session.ts'

const script = fileURLToPath(new URL('../src/keychain/process.ts', import.meta.url))
const run = promisify(execFile)

/** What another process makes of the keychain. */
async function inProcess(env: NodeJS.ProcessEnv, ...args: (string | number)[]): Promise<Outcome> {
  const { stdout } = await run(process.execPath, [script, ...args.map(String)], { env })
  return JSON.parse(stdout)
}

/** The connections and files of this process. */
const handles = async () => (await readdir('/proc/self/fd')).length

/** The processes that were started with `value` in their environment and still run. */
async function processesWith(value: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const environments = pids.map(async (pid) => {
    const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    return text.includes(value) ? [pid] : []
  })
  return (await Promise.all(environments)).flat()
}

describe('on one keychain', () => {
  let session: KeyringSession
  let places = 0

  beforeAll(async () => {
    session = await startKeyringSession()
    for (const [name, value] of Object.entries(session.env)) {
      if (name !== 'PATH') vi.stubEnv(name, value)
    }
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await session.close()
  })

  /** A service of its own, and its raw credentials. */
  function place(): StorePlace & { service: string } {
    const service = `place-${(places += 1)}`
    const account = (name: string) => createHash('sha256').update(name, 'utf16le').digest('hex')
    const entry = (name: string) =>
      new AsyncEntry(service, account(name), { linux: { store: 'secret-service' } })
    return {
      service,
      open: () => keychainStore({ service }),
      read: async (name) => (await entry(name).getPassword()) ?? undefined,
      write: (name, text) => entry(name).setPassword(text),
    }
  }

  describe('the store contract', () => {
    const contract = storeContract().map((one) => [one.name, one] as const)
    test.each(contract)('%s', async (_, { run: check }) => {
      const outcome = await check({ place, lacks: ['subscribe'] })
      expect(['skipped', undefined]).toContain(outcome)
    })
  })

  test('a session of several credentials replaces one of one, and leaves nothing behind', async () => {
    const { service } = place()
    const store = keychainStore({ service })
    for (const length of [10, 5_000, 40_000, 3_000, 10]) {
      const tokens = { accessToken: 'CANARY-7f3a-ü€'.padEnd(length, 'x') }
      await store.setToken(tokens, 'a')
      expect(await keychainStore({ service }).getToken('a')).toEqual(tokens)
      const credentials = await findCredentialsAsync(service)
      for (const { password } of credentials) expect(password.length).toBeLessThanOrEqual(1_280)
    }
    await store.removeToken('a')
    expect(await findCredentialsAsync(service)).toEqual([])
  })

  test('a session that fits nowhere is refused, and the one before stays', async () => {
    const store = keychainStore({ service: place().service })
    await store.setToken({ accessToken: 'CANARY-7f3a' }, 'a')
    const large = { accessToken: 'CANARY-7f3a'.padEnd(100_000, 'x') }
    await expect(store.setToken(large, 'a')).rejects.toMatchObject({ code: 'ERR_STORE_TOO_LARGE' })
    expect(await store.getToken('a')).toEqual({ accessToken: 'CANARY-7f3a' })
  })

  test('a piece that is missing or was changed makes garbage, not a wrong token', async () => {
    const { service } = place()
    const store = keychainStore({ service })
    const options = { linux: { store: 'secret-service' } } as const
    for (const damage of [
      (entry: AsyncEntry) => entry.deleteCredential(),
      (entry: AsyncEntry) => entry.setPassword('y'.repeat(1_150)),
    ]) {
      await store.setToken({ accessToken: 'CANARY-7f3a'.padEnd(5_000, 'x') }, 'a')
      const accounts = (await findCredentialsAsync(service)).map(({ account }) => account)
      const piece = accounts.find((account) => account.endsWith('.1')) ?? ''
      await damage(new AsyncEntry(service, piece, options))
      await expect(store.getToken('a')).rejects.toMatchObject({ code: 'ERR_STORE_GARBAGE' })
    }
    await store.setToken({ accessToken: 'CANARY-7f3a' }, 'a')
    expect(await store.getToken('a')).toEqual({ accessToken: 'CANARY-7f3a' })
  })

  test('a store that is used again and again makes no more connections', async () => {
    const store = keychainStore({ service: place().service })
    const use = async () => {
      await store.setToken({ accessToken: 'CANARY-7f3a'.padEnd(3_000, 'x') }, 'a')
      await store.getToken('a')
    }
    await use()
    await use() // both slots
    const before = await handles()
    for (let times = 0; times < 10; times += 1) await use()
    expect(await handles()).toBeLessThanOrEqual(before)
  })

  test('two processes share a session, however long', async () => {
    for (const length of [100, 5_000]) {
      expect(await inProcess(session.env, 'set', 'shared', length)).toEqual({})
      expect(await inProcess(session.env, 'get', 'shared')).toEqual({ value: length })
    }
    expect(await inProcess(session.env, 'names')).toEqual({ value: ['shared'] })
    await inProcess(session.env, 'remove', 'shared')
    expect(await inProcess(session.env, 'get', 'shared')).toEqual({})
  })

  test('twenty processes renew one after the other', async () => {
    const counts = Array.from({ length: 20 }, () => inProcess(session.env, 'count', 'counter'))
    expect(await Promise.all(counts)).toEqual(counts.map(() => ({})))
    expect((await keychainStore().getToken('counter'))?.accessToken).toBe('20')
  })
})

describe('without a keychain', () => {
  const sessions: KeyringSession[] = []
  afterEach(async () => {
    for (const session of sessions.splice(0)) await session.close()
  })

  async function start(): Promise<KeyringSession> {
    const session = await startKeyringSession()
    sessions.push(session)
    expect(await inProcess(session.env, 'set', 'a', 5_000)).toEqual({})
    return session
  }

  test('one that is locked says so, and is as it was when it is unlocked', async () => {
    const session = await start()
    await session.lock()
    for (const what of ['get', 'set', 'remove']) {
      const { code, message } = await inProcess(session.env, what, 'a')
      expect([what, code]).toEqual([what, 'ERR_STORE_LOCKED'])
      expect(message).toMatch(/unlock/)
    }
  })

  test('one that hangs is given up in time, and is used again when it answers', async () => {
    const session = await start()
    session.signal('SIGSTOP')
    for (const what of ['get', 'set', 'remove', 'names']) {
      const { code } = await inProcess(session.env, what, 'a')
      expect([what, code]).toEqual([what, 'ERR_STORE_TIMEOUT'])
    }
    session.signal('SIGCONT')
    expect(await inProcess(session.env, 'get', 'a')).toEqual({ value: 5_000 })
  })

  test('a session of the desktop without one says so', async () => {
    const session = await start()
    await session.endKeyring()
    for (const what of ['get', 'set', 'remove', 'names']) {
      const { code } = await inProcess(session.env, what, 'a')
      expect([what, code]).toEqual([what, 'ERR_STORE_UNAVAILABLE'])
    }
  })

  test('a session of the desktop that ends leaves no process behind', async () => {
    const session = await start()
    expect((await processesWith(session.env.HOME ?? '')).length).toBeGreaterThanOrEqual(2)
    await session.close()
    expect(await processesWith(session.env.HOME ?? '')).toEqual([])
  })

  test('without a desktop session nothing is stored anywhere else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-no-bus-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const env = { PATH: process.env.PATH ?? '', HOME: folder, XDG_RUNTIME_DIR: folder }
    for (const what of ['get', 'set', 'remove', 'names']) {
      const { code, message } = await inProcess(env, what, 'a', 100)
      expect([what, code]).toEqual([what, 'ERR_STORE_UNAVAILABLE'])
      expect(message).toMatch(/DBUS_SESSION_BUS_ADDRESS.*fileStore\(\)/)
    }
    const files = await readdir(folder, { recursive: true, withFileTypes: true })
    for (const file of files.filter((one) => one.isFile())) {
      expect(await readFile(join(file.parentPath, file.name), 'utf8')).toBe('') // locks
    }
    expect(await readFile('/proc/keys', 'utf8')).not.toMatch(/latchkey/) // the kernel's keyring
  })

  test('without the package it says what to install', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-no-peer-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const source = fileURLToPath(new URL('../../packages/stores/dist', import.meta.url))
    await cp(source, join(folder, 'dist'), { recursive: true })
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const code = `
      import { keychainStore } from './dist/keychain.js'
      const store = keychainStore() // does not need it yet
      const error = await store.getToken('a').catch((error) => error)
      console.log(JSON.stringify({ code: error.code, message: error.message }))`
    await writeFile(join(folder, 'main.js'), code)
    const { stdout } = await run(process.execPath, [join(folder, 'main.js')], { cwd: folder })
    expect(JSON.parse(stdout)).toEqual({
      code: 'ERR_STORE_PEER_MISSING',
      message: expect.stringContaining('npm install @napi-rs/keyring'),
    })
  })
})
