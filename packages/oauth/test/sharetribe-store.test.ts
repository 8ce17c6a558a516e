import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, describe, expect, it } from 'vitest'
import { sharetribeIntegration, sharetribeMarketplace } from '../src/sharetribe.ts'
import type { SharetribeTokenStore, SharetribeTokens } from '../src/sharetribe.ts'
import {
  ada,
  CANARY,
  CLIENT_ID,
  CLIENT_SECRET,
  INTEGRATION,
  startSharetribe,
} from './support/sharetribe-double.ts'

interface AxiosConfig {
  baseURL?: string
  url: string
  method: string
  headers: Record<string, string>
  data?: string
}

/** The part of Sharetribe's SDK that is used here; it brings no types. */
interface Sdk {
  login(credentials: typeof ada): Promise<unknown>
  authInfo(): Promise<{ isAnonymous?: boolean; scopes?: string[] }>
  currentUser: { show(): Promise<unknown> }
  users: { query(): Promise<unknown> }
}
interface SdkModule {
  createInstance(options: object): Sdk
  tokenStore: Record<
    'memoryStore' | 'expressCookieStore' | 'fileStore',
    (options?: object) => SharetribeTokenStore
  >
}

const folder = mkdtempSync(join(tmpdir(), 'latchkey-sharetribe-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
// The SDK's file store decides where it writes when it is loaded.
process.env['XDG_CONFIG_HOME'] = folder
const require = createRequire(import.meta.url)
const flex = require('sharetribe-flex-sdk') as SdkModule
const flexIntegration = require('sharetribe-flex-integration-sdk') as SdkModule

/** What the SDK's axios sends with, in place of the network. */
function adapterOf(send: typeof fetch) {
  return async (config: AxiosConfig) => {
    const { url, baseURL = '', method, data } = config
    const headers = { ...config.headers }
    const body = data === undefined ? {} : { body: data }
    const where = new URL(url.replace(/^\//, ''), baseURL.replace(/\/?$/, '/')) // slashes or none
    const answer = await send(where, { method, headers, ...body })
    const response = { config, status: answer.status, headers: {}, data: await answer.text() }
    if (answer.ok) return response
    throw Object.assign(new Error(`${answer.status}`), { response })
  }
}

function start(tokenStore: SharetribeTokenStore) {
  const server = startSharetribe()
  const { clock, fetch } = server
  const sdk = flex.createInstance({ clientId: CLIENT_ID, tokenStore, adapter: adapterOf(fetch) })
  const open = () => sharetribeMarketplace({ clientId: CLIENT_ID, tokenStore, clock, fetch })
  return { server, sdk, open }
}

/** A cookie jar in the shape of Express' request and response. */
function express() {
  const cookies: Record<string, string> = {}
  const req = { cookies }
  const res = {
    cookie: (name: string, value: string) => void (cookies[name] = value),
    clearCookie: (name: string) => void delete cookies[name],
  }
  return { cookies, req, res }
}

const stores = [
  ['memoryStore()', () => flex.tokenStore.memoryStore()],
  [
    'expressCookieStore()',
    () => flex.tokenStore.expressCookieStore({ clientId: CLIENT_ID, ...express() }),
  ],
] as const

describe.each(stores)("the SDK's %s", (_, makeStore) => {
  it('shares the session that the SDK has begun', async () => {
    const { server, sdk, open } = start(makeStore())
    await sdk.login(ada)
    server.log.length = 0
    const manager = open()
    expect(await server.scopeOf(manager)).toBe('user')
    expect(await manager.isSignedIn()).toBe(true)
    expect(server.grants()).toEqual([])
  })

  it('shares the session that Latchkey has begun', async () => {
    const { server, sdk, open } = start(makeStore())
    await open().signIn(ada)
    server.log.length = 0
    expect(await sdk.authInfo()).toMatchObject({ isAnonymous: false, scopes: ['user'] })
    await sdk.currentUser.show()
    expect(server.log.map(({ path }) => path)).toEqual(['/v1/api/current_user/show'])
  })

  it('shares an anonymous token', async () => {
    const { server, sdk, open } = start(makeStore())
    await server.scopeOf(open())
    expect(await sdk.authInfo()).toMatchObject({ isAnonymous: true, scopes: ['public-read'] })
  })

  it('adopts what the SDK has renewed meanwhile', async () => {
    const { server, sdk, open } = start(makeStore())
    const manager = open()
    await manager.signIn(ada)
    server.expireAccess()
    await sdk.currentUser.show() // spends the refresh token
    server.log.length = 0
    expect(await server.scopeOf(manager)).toBe('user')
    expect(server.grants()).toEqual([])
  })

  it('is empty after a sign-out, for the SDK too', async () => {
    const { server, sdk, open } = start(makeStore())
    await sdk.login(ada)
    await open().signOut()
    expect(server.refresh.size).toBe(0)
    expect(await sdk.authInfo()).toEqual({})
  })
})

describe('an entry', () => {
  it('is written as the server answered it, with the instant of its expiry', async () => {
    const tokenStore = flex.tokenStore.memoryStore()
    const { server, open } = start(tokenStore)
    await open().signIn(ada)
    expect(tokenStore.getToken()).toEqual({
      access_token: `${CANARY}-access-1`,
      refresh_token: `${CANARY}-refresh-1`,
      token_type: 'bearer',
      scope: 'user',
      expires_in: 600,
      expiresAt: server.clock.now() + 600_000,
    })
  })

  it('tells the next process when to renew', async () => {
    const { server, open } = start(flex.tokenStore.memoryStore())
    await open().signIn(ada)
    server.clock.pass(601_000)
    server.log.length = 0
    expect(await server.scopeOf(open())).toBe('user')
    expect(server.log.map(({ path }) => path)).toEqual(['/v1/auth/token', '/v1/api/listings/query'])
  })

  it.each(['user:limited', 'trusted:user'])('keeps the scope "%s"', async (scope) => {
    const tokenStore = flex.tokenStore.memoryStore()
    const { server, open } = start(tokenStore)
    server.refresh.set(`${CANARY}-login-as`, scope)
    const entry = { access_token: 'x', refresh_token: `${CANARY}-login-as`, token_type: 'bearer' }
    tokenStore.setToken(entry)
    expect(await server.scopeOf(open())).toBe(scope)
    expect(tokenStore.getToken()).toMatchObject({ scope })
  })

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['half of one', { token_type: 'bearer' }],
    ['text', 'j:{}'],
  ])('that is %s is none', async (_, entry) => {
    const { server, open } = start({
      getToken: () => entry,
      setToken: () => undefined,
      removeToken: () => undefined,
    })
    const manager = open()
    const failed: unknown[] = []
    manager.on('storeFailed', ({ error }) => failed.push(error.code))
    expect(await server.scopeOf(manager)).toBe('public-read')
    expect(failed).toEqual(entry ? ['ERR_STORE_FAILED'] : [])
  })
})

it('a store of promises, with methods that need their object, is as good', async () => {
  class OwnStore {
    entry: SharetribeTokens | undefined
    getToken = () => Promise.resolve(this.entry)
    async setToken(entry: SharetribeTokens) {
      this.entry = entry
    }
    async removeToken() {
      this.entry = undefined
    }
  }
  const tokenStore = new OwnStore()
  const { server, open } = start(tokenStore)
  await open().signIn(ada)
  expect(await server.scopeOf(open())).toBe('user')
  expect(server.grants()).toEqual(['password'])
})

describe("the integration SDK's fileStore()", () => {
  const file = join(folder, 'flex-integration-sdk-nodejs', 'file-store-token.json')

  function open() {
    const server = startSharetribe()
    const { clock, fetch } = server
    const tokenStore = flexIntegration.tokenStore.fileStore()
    const secrets = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }
    const manager = sharetribeIntegration({ ...secrets, tokenStore, clock, fetch })
    const sdk = flexIntegration.createInstance({
      ...secrets,
      tokenStore,
      adapter: adapterOf(fetch),
    })
    return { server, manager, sdk }
  }

  it('is shared both ways', async () => {
    const { server, manager, sdk } = open()
    expect(await server.scopeOf(manager, INTEGRATION)).toBe('integ')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ scope: 'integ' })
    await sdk.users.query()
    server.expireAccess()
    await sdk.users.query()
    expect(await server.scopeOf(manager, INTEGRATION)).toBe('integ')
    expect(server.grants()).toEqual(['client_credentials', 'refresh_token'])
  })

  it('with a torn file is reported, and the manager goes on', async () => {
    const { server, manager } = open()
    writeFileSync(file, '{"access_token":"')
    const failed: string[] = []
    manager.on('storeFailed', ({ operation }) => failed.push(operation))
    expect(await server.scopeOf(manager, INTEGRATION)).toBe('integ')
    expect(failed).toEqual(['get'])
  })
})

it('no store of the SDK gets anything but through its own three methods', async () => {
  const calls = new Set<string>()
  const spy = (name: string) => {
    const method = (...given: unknown[]) => void calls.add(`${name} with ${given.length}`)
    return [name, method]
  }
  const methods = ['getToken', 'setToken', 'removeToken'].map(spy)
  const { server, open } = start(Object.fromEntries(methods) as SharetribeTokenStore)
  const manager = open()
  expect(await server.scopeOf(manager)).toBe('public-read')
  await manager.signOut()
  expect([...calls].toSorted()).toEqual([
    'getToken with 0',
    'removeToken with 0',
    'setToken with 1',
  ])
})
