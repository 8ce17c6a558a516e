import { createServer } from 'node:http'
import { apiToken, bearer, createTokenManager, type TokenStore } from '@latchkey/core'
import AsyncStorage from '@react-native-async-storage/async-storage'
import express from 'express'
import { Cluster, Redis } from 'ioredis'
import { Cluster as ValkeyCluster, Redis as Valkey } from 'iovalkey'
import { createClient, createCluster } from 'redis'
import { createStorage } from 'unstorage'
import { expectTypeOf, test } from 'vitest'
import { asyncStorageStore } from '../src/async-storage.ts'
import { cookieStore } from '../src/cookie.ts'
import { encrypted } from '../src/encrypted.ts'
import { fileStore, fileStoreDirectory } from '../src/file.ts'
import { keychainStore } from '../src/keychain.ts'
import { type RedisPort, redisStore, StoreError } from '../src/redis.ts'
import { webStore } from '../src/web.ts'

test('each store is one that a manager takes', () => {
  const required = { origin: 'https://api.test', scheme: bearer(), grants: [apiToken('x')] }
  for (const store of [fileStore(), webStore(), keychainStore()]) {
    expectTypeOf(store).toExtend<TokenStore>()
    createTokenManager({ ...required, store })
  }
})

test('files and Redis can do all that a store may', () => {
  type Whole = Required<Omit<TokenStore, 'renewAheadMs'>>
  expectTypeOf(fileStore({ directory: '/tmp/x' })).toEqualTypeOf<Whole>()
  expectTypeOf(redisStore(createClient())).toEqualTypeOf<Omit<Whole, 'canWrite'>>()
  expectTypeOf(fileStoreDirectory()).toBeString()
})

test("Redis' own clients fit as they are: one server, a cluster, with or without modules", () => {
  redisStore(createClient({ url: 'redis://127.0.0.1' }), { prefix: 'crm:', leaseMs: 5_000 })
  redisStore(createCluster({ rootNodes: [] }))
})

test('clients and clusters of ioredis and iovalkey fit as they are, and a port around any other', () => {
  const lazy = { lazyConnect: true }
  redisStore(new Redis(lazy), { prefix: 'crm:' })
  redisStore(new Cluster([], lazy))
  redisStore(new Valkey(lazy))
  redisStore(new ValkeyCluster([], lazy))
  expectTypeOf(redisStore).toBeCallableWith({} as RedisPort)
})

test("the two sides of an exchange fit, as Node, Express and the Fetch API have them, or a page's document", () => {
  createServer((req, res) => void cookieStore({ req, res }))
  express().use((req, res) => void cookieStore({ req, res }, { app: 'crm', secure: false }))
  cookieStore({ request: new Request('https://app.test'), headers: new Headers() })
  cookieStore({ document: { cookie: '' } })
})

test('an encrypted store can do what the inner store can', () => {
  const key = {} as CryptoKey
  const passphrase = { passphrase: 'x', salt: 'y' }
  const files = encrypted(fileStore(), [key, passphrase])
  expectTypeOf(files.lock).toEqualTypeOf(fileStore().lock)
  expectTypeOf(files.names).toEqualTypeOf(fileStore().names)
  expectTypeOf(files).toExtend<TokenStore>()
  expectTypeOf(encrypted(webStore(), key)).toExtend<TokenStore>()
  expectTypeOf(encrypted(redisStore(createClient()), key)).not.toHaveProperty('canWrite')
  // @ts-expect-error a passphrase needs a salt
  encrypted(fileStore(), { passphrase: 'x' })
  // @ts-expect-error a passphrase needs a salt
  encrypted(fileStore(), 'x')
})

test('key-value storages fit, whichever words they use', () => {
  expectTypeOf(asyncStorageStore(AsyncStorage)).toExtend<TokenStore>()
  asyncStorageStore(createStorage(), { prefix: 'crm.' })
  asyncStorageStore({} as Storage)
  asyncStorageStore({
    getItemAsync: async () => null,
    setItemAsync: async () => undefined,
    deleteItemAsync: async () => undefined,
  })
  webStore({ storage: {} as Storage })
})

test('an error of a store has a code to switch by', () => {
  const { code } = new StoreError('ERR_STORE_FULL', 'x')
  if (code === 'ERR_STORE_FULL') expectTypeOf(code).toEqualTypeOf<'ERR_STORE_FULL'>()
  // @ts-expect-error not a code
  expectTypeOf(code === 'ERR_STORE_BROKEN').toBeBoolean()
})

test('misuse does not compile', () => {
  // @ts-expect-error misspelt
  fileStore({ dir: '/tmp' })
  // @ts-expect-error no such storage
  webStore({ storage: 'cookies' })
  // @ts-expect-error misspelt
  webStore({ name: 'crm' })
  // @ts-expect-error half an exchange
  cookieStore({ req: { headers: {} } })
  // @ts-expect-error a cookie store needs a place
  cookieStore()
  // @ts-expect-error a client, not its URL
  redisStore('redis://127.0.0.1')
  // @ts-expect-error in milliseconds, and so named
  redisStore(createClient(), { lease: 5 })
  // @ts-expect-error a storage needs more than two methods
  asyncStorageStore({ getItem: () => null, setItem: () => undefined })
  // @ts-expect-error misspelt
  keychainStore({ serviceName: 'crm' })
})
