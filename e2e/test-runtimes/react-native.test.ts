import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { adapterContract } from '@latchkey/testing/adapter-contract'
import { type ContractServers, startContractServers } from '@latchkey/testing/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openScene } from '../../packages/testing/src/contract/scene.ts'
import { redirectTo } from '../../packages/testing/src/contract/stage.ts'
import { bundleProgram } from '../src/runtimes/bundle.ts'
import { installProgram } from '../src/runtimes/install.ts'
import { hermesCompiler } from '../src/runtimes/list.ts'
import type { runCases } from '../src/runtimes/cases.ts'
import type { startApp } from '../src/runtimes/native.ts'
import { startPhone } from '../src/runtimes/phone.ts'

const entry = new URL('../src/runtimes/native.ts', import.meta.url)
const asNative = { format: 'iife', conditions: ['react-native', 'browser'] } as const

describe('Hermes', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-hermes-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function compile(program: string): Promise<string> {
    const command = join(await installProgram(hermesCompiler), 'hermesc/linux64-bin/hermesc')
    await writeFile(join(folder, 'program.js'), program)
    const args = ['-emit-binary', '-O', '-w', '-out', 'program.hbc', 'program.js']
    const { stderr } = await promisify(execFile)(command, args, { cwd: folder })
    return stderr
  }

  test('the compiler of React Native takes what our packages publish as it is', async () => {
    const program = await bundleProgram(entry, { ...asNative, external: ['axios'] })
    expect(await compile(program)).toBe('')
  })

  // Its async generators are what Metro has always rewritten.
  test('the compiler takes axios too, once it is rewritten for ES2017 as Metro does', async () => {
    const program = await bundleProgram(entry, { ...asNative, target: 'es2017' })
    expect(await compile(program)).toBe('')
  })
})

describe('React Native', () => {
  let servers: ContractServers
  let program: string
  beforeAll(async () => {
    servers = await startContractServers()
    program = await bundleProgram(entry, asNative)
  })
  afterAll(() => servers.close())

  async function install() {
    const scene = await openScene(servers)
    const items = new Map<string, string>()
    const storage = {
      getItem: async (key: string) => items.get(key) ?? null,
      setItem: async (key: string, value: string) => void items.set(key, value),
      removeItem: async (key: string) => void items.delete(key),
      getAllKeys: async () => [...items.keys()],
    }
    const start = async () => {
      const world = (await startPhone(program)) as unknown as { startApp: typeof startApp }
      return world.startApp(scene.api, storage)
    }
    return { scene, items, start }
  }

  test('a dead token is renewed once for fetch and axios', async () => {
    const { scene, start } = await install()
    const app = await start()
    await app.signIn(await scene.makeToken('dead'))
    expect(await app.ask('/items')).toEqual({ fetch: 200, axios: 200 })
    expect(await scene.renewals()).toBe(1)
    expect(await app.ask('/items')).toEqual({ fetch: 200, axios: 200 })
    expect(await scene.renewals()).toBe(1)
  })

  test('the app goes on with its session when it is started again', async () => {
    const { scene, start } = await install()
    const app = await start()
    await app.signIn(await scene.makeToken('dead'))
    await app.ask('/items')
    expect(await (await start()).ask('/items')).toEqual({ fetch: 200, axios: 200 })
    expect(await scene.renewals()).toBe(1)
  })

  test('a sign-out empties the storage, and holds when the app is started again', async () => {
    const { scene, items, start } = await install()
    const app = await start()
    await app.signIn(await scene.makeToken('dead'))
    await app.ask('/items')
    expect(items.size).toBe(1)
    await app.signOut()
    expect(items.size).toBe(0)
    const over = { fetch: 'ERR_SIGN_IN_REQUIRED', axios: 'ERR_SIGN_IN_REQUIRED' }
    expect(await app.ask('/items')).toEqual(over)
    expect(await (await start()).ask('/items')).toEqual(over)
    expect(await scene.renewals()).toBe(1)
  })
  /** How often each client sent, when the body alone tells that the token is dead. */
  async function sendsOfExpired() {
    const { scene, start } = await install()
    const app = await start()
    await app.signIn((await scene.state()).token)
    const expired = { status: 200, body: '{"error":"token expired"}' }
    await scene.script('/items', [expired, expired])
    await app.ask('/items')
    const sent = await scene.of('/items')
    const byFetch = sent.filter(({ headers }) => headers.accept === '*/*').length
    return { fetch: byFetch, axios: sent.length - byFetch }
  }

  test('isTokenRejected reads the body of an answer, which has no stream', async () => {
    expect((await sendsOfExpired()).fetch).toBe(2)
  })

  test('isTokenRejected reads the body of an answer to axios', async () => {
    expect((await sendsOfExpired()).axios).toBe(2)
  })

  // docs/runtimes.md warns of it: React Native's fetch has no `redirect`, and nobody can look.
  test('a redirect to another origin takes a header of its own along', async () => {
    const { scene, start } = await install()
    const app = await start()
    const { token } = await scene.state()
    await app.signIn(token)
    await app.ask(redirectTo(302, `${scene.other}/open`))
    const arrived = (await scene.of('/open')).map(({ at, headers }) => [at, headers['xc-auth']])
    expect(arrived).toEqual([
      ['other', token],
      ['other', token],
    ])
  })
})

describe('the contract on a phone', () => {
  let servers: ContractServers
  let program: string
  beforeAll(async () => {
    servers = await startContractServers()
    program = await bundleProgram(new URL('../src/runtimes/page.ts', import.meta.url), asNative)
  })
  afterAll(() => servers.close())

  const promised = adapterContract().map(({ name }) => name)
  /** The phone follows redirects unseen, and takes any header but `Authorization` along. */
  const redirects = /^(?!.*bearer).*(redirect|to another port leaves)|^a 30[37] (keeps|turns)/
  /** Each uses, for itself, a Blob, structuredClone(), AbortSignal.abort() or AbortSignal.timeout(). */
  const needsMore =
    /^a (FormData|Blob) |leaves the caller's own objects|single-use refresh token|before it is sent|no error prints/
  const byClient = {
    fetch: /time-out ends the wait|time limit spans/, // a signal without a reason cannot say that it timed out
    axios: /^$/,
  }

  test.each(['fetch', 'axios'] as const)('%s keeps what can be tried there', async (client) => {
    const world = (await startPhone(program)) as unknown as { runCases: typeof runCases }
    const { url } = servers
    const platform = { hidesRedirects: true, hasNoAsyncContext: true, buffersBodies: true }
    const results = await world.runCases({ client, url, platform })
    const failed = results.filter(({ failure }) => failure !== undefined)
    const beyond = [redirects, needsMore, byClient[client]]
    const expected = promised.filter((name) => beyond.some((one) => one.test(name)))
    expect(failed.map(({ name }) => name).toSorted()).toEqual(expected.toSorted())
    const page = await readFile(new URL('../../docs/runtimes.md', import.meta.url), 'utf8')
    const said = page.replaceAll(/\s+/g, ' ')
    expect(said).toContain(`Of its ${promised.length} cases`)
    expect(said).toContain(`${results.length - failed.length} hold for ${client}`)
  })
})
