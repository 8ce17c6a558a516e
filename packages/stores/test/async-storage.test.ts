import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createAsyncStorage } from '@react-native-async-storage/async-storage/jest'
import {
  asyncStorageStore,
  type ItemStorage,
  type SecureStorage,
} from '@latchkey/stores/async-storage'
import {
  type Lack,
  storeContract,
  type StorePlace,
  type StoreSubject,
} from '@latchkey/testing/store-contract'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import { describe, expect, it, test } from 'vitest'

/** Keeps text as localStorage does. */
function webStorage(): ItemStorage {
  const items = new Map<string, string>()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    key: (index) => [...items.keys()][index] ?? null,
    get length() {
      return items.size
    },
  }
}

/** Its rules are those of `expo-secure-store`: which keys it takes, and that it takes text alone. */
function secureStorage(): SecureStorage & { items: Map<string, string> } {
  const items = new Map<string, string>()
  const check = (key: string) => {
    if (!/^[\w.-]+$/.test(key)) throw new Error('Invalid key provided to SecureStore.')
  }
  return {
    items,
    async getItemAsync(key) {
      check(key)
      return items.get(key) ?? null
    },
    async setItemAsync(key, value) {
      check(key)
      if (typeof value !== 'string') throw new Error('Invalid value provided to SecureStore.')
      items.set(key, value)
    },
    async deleteItemAsync(key) {
      check(key)
      items.delete(key)
    },
  }
}

/** The key that holds the session of `name`: found by writing it, so that no test repeats the rule. */
async function keyOf(name: string): Promise<string> {
  const items = secureStorage()
  await asyncStorageStore(items).setToken({ accessToken: 'a' }, name)
  return [...items.items.keys()].join()
}

function onItems(storage: ItemStorage, close?: StorePlace['close']): StorePlace {
  return {
    open: () => asyncStorageStore(storage),
    async read(name) {
      const value = await storage.getItem(await keyOf(name))
      if (value === null || value === undefined) return undefined
      return typeof value === 'string' ? value : JSON.stringify(value)
    },
    write: async (name, text) => storage.setItem(await keyOf(name), text),
    ...(close && { close }),
  }
}

let databases = 0

const lacks: Lack[] = ['sharedLock', 'subscribe']

const subjects: [string, StoreSubject['place'], ...Lack[]][] = [
  ['Web Storage', () => onItems(webStorage())],
  [
    'the memory that AsyncStorage has for tests',
    () => onItems(createAsyncStorage(`contract ${(databases += 1)}`)),
  ],
  ['unstorage in memory', () => onItems(createStorage())],
  [
    'unstorage on a disk',
    async () => {
      const base = await mkdtemp(join(tmpdir(), 'latchkey-unstorage-'))
      const storage = createStorage({ driver: fsDriver({ base, noClear: true }) })
      return onItems(storage, async () => {
        await storage.dispose()
        await rm(base, { recursive: true })
      })
    },
    'atomicWrites',
  ],
]

describe.each(subjects)('a store on %s', (_, place, ...more) => {
  test.for(storeContract())('$name', async ({ run }, { skip }) => {
    const outcome = await run({ place, lacks: [...lacks, ...more] })
    skip(outcome === 'skipped')
    expect(outcome).toBeUndefined()
  })
})

describe('a store on expo-secure-store', () => {
  test.for(storeContract())('$name', async ({ run }, { skip }) => {
    const place = (): StorePlace => {
      const storage = secureStorage()
      return {
        open: () => asyncStorageStore(storage),
        read: async (name) => storage.items.get(await keyOf(name)),
        write: async (name, text) => storage.setItemAsync(await keyOf(name), text),
      }
    }
    const outcome = await run({ place, lacks: [...lacks, 'names'] })
    skip(outcome === 'skipped')
    expect(outcome).toBeUndefined()
  })
})

describe('asyncStorageStore', () => {
  const tokens = { accessToken: 'CANARY-7f3a' }

  it('writes keys that every storage accepts and that hide the user', async () => {
    expect(await keyOf('https://ada@api.test/?x=1')).toMatch(/^latchkey\.[0-9a-f]{64}$/)
  })

  it('leaves alone what others keep in the same storage', async () => {
    const storage = webStorage()
    storage.setItem('theirs', 'theirs')
    storage.setItem('latchkey.theirs', 'theirs')
    const store = asyncStorageStore(storage)
    await store.setToken(tokens, 'ada')
    expect(await store.names?.()).toEqual(['ada'])
    await store.removeToken('ada')
    expect([storage.getItem('theirs'), storage.getItem('latchkey.theirs')]).toEqual([
      'theirs',
      'theirs',
    ])
  })

  it('keeps apart what two prefixes hold', async () => {
    const storage = webStorage()
    const [one, two] = ['one:', 'two:'].map((prefix) => asyncStorageStore(storage, { prefix }))
    await one?.setToken(tokens, 'ada')
    expect(await two?.getToken('ada')).toBeUndefined()
    expect(await two?.names?.()).toEqual([])
    expect(await one?.names?.()).toEqual(['ada'])
  })

  it('does not list the sessions of a prefix that goes on from its own', async () => {
    const storage = webStorage()
    const [app, longer] = ['app.', 'app.b.'].map((prefix) => asyncStorageStore(storage, { prefix }))
    await longer?.setToken(tokens, 'ada')
    expect(await app?.names?.()).toEqual([])
  })

  it('lists no sessions where keys cannot be listed', () => {
    expect(asyncStorageStore(secureStorage())).not.toHaveProperty('names')
  })

  it('uses the calls that do not block where there are both', async () => {
    const secure = secureStorage()
    const blocks = () => {
      throw new Error('blocked')
    }
    const store = asyncStorageStore({
      ...secure,
      getItem: blocks,
      setItem: blocks,
    })
    await store.setToken(tokens, 'ada')
    expect(await store.getToken('ada')).toEqual(tokens)
  })

  it.each([
    ['ERR_STORE_FULL', new DOMException('No room.', 'QuotaExceededError')],
    ['ERR_STORE_FULL', new Error('database or disk is full (code 13 SQLITE_FULL)')],
    ['ERR_STORE_UNAVAILABLE', new Error('The keychain is not there.')],
  ])(
    'says %s for what the storage throws, with what it said as the cause',
    async (code, thrown) => {
      const setItem = () => {
        throw thrown
      }
      const store = asyncStorageStore({ ...webStorage(), setItem })
      const { name, message } = thrown
      const failure = { code, cause: { name, message } }
      await expect(store.setToken(tokens, 'ada')).rejects.toMatchObject(failure)
    },
  )

  it('shows no token, whatever the storage quotes or carries along in its error', async () => {
    const setItem = (key: string, body: string) => {
      throw Object.assign(new Error(`PUT ${key}: ${body} was refused.`), { request: { body } })
    }
    const store = asyncStorageStore({ ...webStorage(), setItem })
    const refreshToken = 'CANARY-7f3a-refresh'
    const failure = await Promise.resolve(store.setToken({ ...tokens, refreshToken }, 'ada')).catch(
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    expect(inspect(failure, { depth: 9 })).not.toContain('CANARY')
  })

  it.each([
    ['cut short', (text: string) => text.slice(0, 60)],
    ['as JSON within JSON', (text: string) => JSON.stringify(text)],
  ])('shows no part of a token where the storage quotes an entry %s', async (_, quote) => {
    const items = webStorage()
    await asyncStorageStore(items).setToken(tokens, 'ada')
    const setItem = (_key: string, text: string) => {
      throw new Error(`Refused: ${quote(text)}`)
    }
    const getItem = (key: string) => {
      throw new Error(`Unreadable: ${quote(String(items.getItem(key)))}`)
    }
    const writing = asyncStorageStore({ ...webStorage(), setItem })
    const reading = asyncStorageStore({ ...items, getItem })
    const secret = { accessToken: 'CANARY-7f3a-"in quotes"' }
    for (const work of [
      async () => writing.setToken(secret, 'ada'),
      async () => reading.getToken('ada'),
    ]) {
      const failure = await work().catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
      expect(inspect(failure, { depth: 9 })).not.toContain('CANARY')
    }
  })

  it('says at once that a storage is none, or that a prefix cannot be one', () => {
    const invalid = expect.objectContaining({ code: 'ERR_INVALID_OPTION' })
    for (const storage of [undefined, null, {}, new Map(), 'text']) {
      expect(() => asyncStorageStore(storage as never)).toThrow(invalid)
    }
    for (const prefix of ['', 'a b', 'a/b', 'é']) {
      expect(() => asyncStorageStore(webStorage(), { prefix })).toThrow(invalid)
    }
  })
})
