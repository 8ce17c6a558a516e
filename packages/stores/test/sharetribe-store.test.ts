import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bearer,
  createTokenManager,
  type Grant,
  type MaybePromise,
  type TokenSet,
} from '@latchkey/core'
import { type Lack, storeContract, type StorePlace } from '@latchkey/testing/store-contract'
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest'

/** A store as Sharetribe's SDKs have it: for one session, which has no name. */
interface SdkStore {
  getToken(): MaybePromise<TokenSet | null>
  setToken(tokens: TokenSet): MaybePromise<void>
  removeToken(): MaybePromise<void>
}

interface Request {
  cookies: Record<string, string>
}

interface Response {
  cookie(name: string, value: string): void
  clearCookie(name: string): void
}

/** The SDKs' own stores. They have no types, and read where files go when they are loaded. */
function loadSdks() {
  const require = createRequire(import.meta.url)
  const { tokenStore: flex } = require('sharetribe-flex-sdk') as {
    tokenStore: {
      memoryStore(): SdkStore
      expressCookieStore(options: { clientId: string; req: Request; res: Response }): SdkStore
    }
  }
  const { tokenStore: integration } = require('sharetribe-flex-integration-sdk') as {
    tokenStore: { fileStore(): SdkStore }
  }
  return { ...flex, ...integration }
}

let directory = ''
let sdk: ReturnType<typeof loadSdks>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'latchkey-sharetribe-'))
  vi.stubEnv('XDG_CONFIG_HOME', directory)
  vi.stubEnv('APPDATA', directory)
  sdk = loadSdks()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true })
})

/** A browser's cookies, and one request of that browser. */
function expressRequest(cookies: Record<string, string> = {}) {
  const res = {
    cookie: (name: string, value: string) => void (cookies[name] = value),
    clearCookie: (name: string) => void Reflect.deleteProperty(cookies, name),
  }
  return sdk.expressCookieStore({ clientId: 'marketplace', req: { cookies: { ...cookies } }, res })
}

/** What none of them has; `sharing` where each `open()` is given the same store. */
const lacks: Lack[] = ['separateNames', 'names', 'lock', 'subscribe', 'distrust']

const same = (store: SdkStore): StorePlace => ({ open: () => store })

const stores: [string, () => MaybePromise<StorePlace>, Lack[]][] = [
  ['memoryStore of the marketplace SDK', () => same(sdk.memoryStore()), [...lacks, 'sharing']],
  [
    'expressCookieStore of the marketplace SDK',
    () => same(expressRequest()),
    [...lacks, 'sharing'],
  ],
  [
    'fileStore of the integration SDK',
    async () => {
      await sdk.fileStore().removeToken()
      return { open: () => sdk.fileStore() }
    },
    [...lacks, 'atomicWrites'],
  ],
]

describe.each(stores)('%s', (_, place, lackOf) => {
  test.for(storeContract())('$name', async ({ run }, { skip }) => {
    const outcome = await run({ place, lacks: lackOf })
    skip(outcome === 'skipped')
    expect(outcome).toBeUndefined()
  })
})

/** A manager on `store` whose sign-ins are counted. */
function signedIn(store: SdkStore) {
  let count = 0
  const signIn: Grant = {
    name: 'password',
    async request() {
      count += 1
      return { accessToken: `CANARY-7f3a-${count}`, expiresAt: Date.now() + 3_600_000 }
    },
  }
  const manager = createTokenManager({
    origin: 'https://flex-api.sharetribe.com',
    scheme: bearer(),
    grants: [signIn],
    store,
  })
  return { manager, signIns: () => count }
}

describe('a manager on a store written for Sharetribe’s SDK', () => {
  it('keeps its session in the file from one process to the next', async () => {
    await sdk.fileStore().removeToken()
    const { manager } = signedIn(sdk.fileStore())
    const { accessToken } = await manager.getTokens()
    const next = signedIn(sdk.fileStore())
    expect((await next.manager.getTokens()).accessToken).toBe(accessToken)
    expect(next.signIns()).toBe(0)
    await next.manager.signOut()
    expect(await sdk.fileStore().getToken()).toBeNull()
  })

  it('keeps its session in the cookie from one request to the next', async () => {
    const browser: Record<string, string> = {}
    const { accessToken } = await signedIn(expressRequest(browser)).manager.getTokens()
    expect(browser).toHaveProperty('st-marketplace-token')
    const next = signedIn(expressRequest(browser))
    expect((await next.manager.getTokens()).accessToken).toBe(accessToken)
    expect(next.signIns()).toBe(0)
  })

  it('stays signed out in the same request, although the store reads the request’s cookie again', async () => {
    const browser: Record<string, string> = {}
    await signedIn(expressRequest(browser)).manager.getTokens()
    const { manager } = signedIn(expressRequest(browser))
    await manager.getTokens()
    await manager.signOut()
    await expect(manager.getTokens()).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(browser).toEqual({})
  })

  it('takes a file that was cut off for no session, says so once and writes a new one', async () => {
    await sdk.fileStore().setToken({ accessToken: 'CANARY-7f3a-lost' })
    const [name = ''] = await readdir(directory)
    const path = join(directory, name, 'file-store-token.json')
    await truncate(path, 20)
    const { manager, signIns } = signedIn(sdk.fileStore())
    const failures: string[] = []
    manager.on('storeFailed', ({ operation, error }) => void failures.push(operation, error.code))
    const { accessToken } = await manager.getTokens()
    expect([signIns(), failures]).toEqual([1, ['get', 'ERR_STORE_FAILED']])
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ accessToken })
  })
})
