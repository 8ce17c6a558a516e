import type { RedisPort, RedisStoreOptions } from '@latchkey/stores/redis'
import { redisStore } from '@latchkey/stores/redis'
import { storeContract, type StorePlace } from '@latchkey/testing/store-contract'
import { GlideClient, Logger } from '@valkey/valkey-glide'
import { Cluster, Redis } from 'ioredis'
import { Cluster as ValkeyCluster, Redis as IoValkey } from 'iovalkey'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { glidePort } from '../src/redis/glide-port.ts'
import { type RedisServer, startRedis } from '../src/redis/server.ts'

const tokens = { accessToken: 'CANARY-7f3a-access', refreshToken: 'CANARY-7f3a-refresh' }
const newer = { accessToken: 'CANARY-7f3a-access-2', refreshToken: 'CANARY-7f3a-refresh-2' }

const contract = storeContract().map((one) => [one.name, one] as const)

let redis: RedisServer
let cluster: RedisServer
let places = 0
const cleanUps: (() => unknown)[] = []

beforeAll(async () => {
  Logger.init('off') // it would print that its clients were closed
  redis = await startRedis()
  cluster = await startRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'])
  const raw = await connected(cluster)
  await raw.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383'])
  const isWhole = async () =>
    (await raw.sendCommand<string>(['CLUSTER', 'INFO'])).includes('state:ok')
  while (!(await isWhole())) await new Promise((resolve) => setTimeout(resolve, 50))
})
afterEach(closeAll)
afterAll(async () => {
  await redis.close()
  await cluster.close()
})

function closeAll() {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
}

/** Looks at what lies in Redis, whatever the store's client is. */
async function connected(server: RedisServer) {
  const raw = createClient({ url: server.url, socket: { reconnectStrategy: 50 } })
  raw.on('error', () => undefined)
  await raw.connect()
  cleanUps.push(() => raw.isOpen && raw.destroy())
  return raw
}

/** Keeps a client until the test ends. */
function kept<Client extends { on(event: 'error', listener: () => void): unknown }>(
  client: Client & { disconnect(): void },
): Client {
  client.on('error', () => undefined) // the tests take Redis away
  cleanUps.push(() => client.disconnect())
  return client
}

/** What the store holds; undefined while it cannot be read. */
async function read(store: ReturnType<typeof redisStore>) {
  return (async () => store.getToken('a'))().catch(() => undefined)
}

const again = { retryStrategy: () => 50 }

const connect = (
  name: string,
  settings: { lazyConnect?: boolean; keyPrefix?: string } = {},
  url = redis.url,
): Redis | IoValkey =>
  name === 'ioredis'
    ? new Redis(url, { ...again, ...settings })
    : new IoValkey(url, { ...again, ...settings })

/** The clients, and how their stores are opened. */
const clients: Record<
  string,
  (options: RedisStoreOptions) => Promise<ReturnType<typeof redisStore>>
> = {
  ioredis: async (options) => redisStore(kept(new Redis(redis.url, again)), options),
  'ioredis with RESP3': async (options) =>
    redisStore(kept(new Redis(redis.url, { ...again, protocol: 3 })), options),
  'ioredis with numbers as texts': async (options) =>
    redisStore(kept(new Redis(redis.url, { ...again, stringNumbers: true })), options),
  'a cluster of ioredis': async (options) => redisStore(kept(new Cluster([cluster.url])), options),
  iovalkey: async (options) => redisStore(kept(new IoValkey(redis.url, again)), options),
  'a cluster of iovalkey': async (options) =>
    redisStore(kept(new ValkeyCluster([cluster.url])), options),
  'valkey-glide, by a port': async (options) => redisStore(await glide(), options),
}

async function glide(): Promise<RedisPort> {
  const { hostname, port } = new URL(redis.url)
  const configuration = { addresses: [{ host: hostname, port: Number(port) }] }
  const client = await GlideClient.createClient(configuration)
  cleanUps.push(() => client.close())
  return glidePort(client, configuration)
}

describe.each(Object.entries(clients))('the store contract, on %s', (name, open) => {
  async function place(): Promise<StorePlace> {
    const prefix = `place-${(places += 1)}:`
    const raw = await connected(name.includes('cluster') ? cluster : redis)
    const keyOf = (of: string) => prefix + JSON.stringify(of).slice(1, -1)
    return {
      open: () => open({ prefix }),
      read: async (of) => (await raw.hGet(keyOf(of), 'entry')) ?? undefined,
      write: (of, text) => raw.hSet(keyOf(of), 'entry', text),
      close: closeAll,
    }
  }

  test.each(contract)('%s', async (_, { run }) => {
    await expect(run({ place })).resolves.toBeUndefined()
  })
})

describe.each(['ioredis', 'iovalkey'])('on %s', (name) => {
  const open = (options: RedisStoreOptions = {}) => clients[name]?.(options) as Promise<Store>
  type Store = ReturnType<typeof redisStore>

  test('while Redis is away every call says so, none happens later, and all work when it is back', async () => {
    const away = await startRedis()
    cleanUps.push(away.close)
    const store = redisStore(kept(connect(name, {}, away.url)))
    await store.setToken(tokens, 'a')
    await away.stop()
    const calls = [
      () => store.getToken('a'),
      () => store.setToken(newer, 'a'),
      () => store.removeToken('a'),
      () => store.names(),
      () => store.lock('a', async () => 'ran'),
    ]
    const ended = await Promise.allSettled(calls.map((call) => call()))
    const unavailable = { reason: { code: 'ERR_STORE_UNAVAILABLE' } }
    expect(ended).toMatchObject(calls.map(() => unavailable))
    await away.start()
    await expect.poll(async () => read(store)).toEqual(tokens)
    expect(await store.names()).toEqual(['a'])
    expect(await store.lock('a', async () => 'ran')).toBe('ran')
  })

  test('a change that could not be heard is told after the reconnection, and only a change', async () => {
    const prefix = `place-${(places += 1)}:`
    const store = await open({ prefix })
    const raw = await connected(redis)
    const told: string[] = []
    store.subscribe('a', () => told.push('a'))
    store.subscribe('b', () => told.push('b'))
    const channels = [`${prefix}a:changed`, `${prefix}b:changed`]
    const listening = async () => Object.values(await raw.pubSubNumSub(channels))
    await expect.poll(listening).toEqual([1, 1])
    await store.getToken('a') // what subscribing asks has been answered before
    await raw.hSet(`${prefix}a`, 'fence', '1') // a write whose message no store heard
    await raw.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
    await expect.poll(() => told).toContain('a')
    expect(told).not.toContain('b')
  })

  test('a client that connects when it is first used is connected by the store', async () => {
    const store = redisStore(kept(connect(name, { lazyConnect: true })))
    await expect(store.getToken('nothing')).resolves.toBeUndefined()
  })

  test('a client that was closed is told at once', async () => {
    const client = kept(connect(name))
    const store = redisStore(client)
    await client.quit()
    await expect.poll(() => client.status).toBe('end')
    await expect(store.getToken('a')).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      message: expect.stringContaining('connect'),
    })
  })

  test('a prefix of the client’s own stands before every key, and names() leaves it out', async () => {
    const keyPrefix = `own*${(places += 1)}:`
    const store = redisStore(kept(connect(name, { keyPrefix })), { prefix: 's:' })
    let told = 0
    store.subscribe('a', () => void (told += 1))
    await store.setToken(tokens, 'a')
    const raw = await connected(redis)
    expect(await raw.exists(`${keyPrefix}s:a`)).toBe(1)
    expect(await store.names()).toEqual(['a'])
    await expect.poll(() => told).toBeGreaterThan(0)
  })
})
