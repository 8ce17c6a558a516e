import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { encrypted } from '@latchkey/stores/encrypted'
import { redisStore, type RedisStoreOptions } from '@latchkey/stores/redis'
import { storeContract, type StorePlace } from '@latchkey/testing/store-contract'
import { createClient, createCluster } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../src/redis/server.ts'

const DAY_MS = 86_400_000

const tokens = { accessToken: 'CANARY-7f3a-access', refreshToken: 'CANARY-7f3a-refresh' }
const newer = { accessToken: 'CANARY-7f3a-access-2', refreshToken: 'CANARY-7f3a-refresh-2' }

const contract = storeContract().map((one) => [one.name, one] as const)

let redis: RedisServer
let places = 0
const opened: { destroy(): void; isOpen: boolean }[] = []

beforeAll(async () => {
  redis = await startRedis()
})
afterEach(closeClients)
afterAll(() => redis.close())

function closeClients() {
  for (const client of opened.splice(0)) if (client.isOpen) client.destroy()
}

async function connected(server = redis) {
  const client = createClient({ url: server.url, socket: { reconnectStrategy: 50 } })
  client.on('error', () => undefined) // the tests take Redis away
  await client.connect()
  opened.push(client)
  return client
}

/** A store of its own connection, as another process would have. */
async function open(prefix: string, options: RedisStoreOptions = {}) {
  return redisStore(await connected(), { prefix, ...options })
}

type Store = Awaited<ReturnType<typeof open>>

const freshPrefix = () => `place-${(places += 1)}:`

/** How the store's keys end. */
const quoted = (name: string) => JSON.stringify(name).slice(1, -1)

async function place(): Promise<StorePlace> {
  const prefix = freshPrefix()
  const raw = await connected()
  return {
    open: () => open(prefix),
    read: async (name) => (await raw.hGet(prefix + quoted(name), 'entry')) ?? undefined,
    write: (name, text) => raw.hSet(prefix + quoted(name), 'entry', text),
    close: closeClients,
  }
}

describe('the store contract', () => {
  test.each(contract)('%s', async (_, { run }) => {
    await expect(run({ place })).resolves.toBeUndefined()
  })
})

describe('the store contract, encrypted', () => {
  const algorithm = { name: 'AES-GCM', length: 256 }
  const key = crypto.subtle.generateKey(algorithm, false, ['encrypt', 'decrypt'])
  async function encryptedPlace(): Promise<StorePlace> {
    const inside = await place()
    const store = async () => inside.open() as ReturnType<typeof open>
    return { ...inside, open: async () => encrypted(await store(), await key) }
  }

  test.each(contract)('%s', async (_, { run }) => {
    await expect(run({ place: encryptedPlace })).resolves.toBeUndefined()
  })
})

describe('the store contract, on a cluster', () => {
  let cluster: RedisServer
  beforeAll(async () => {
    cluster = await startRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'])
    const client = await connected(cluster)
    await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383'])
    const isWhole = async () =>
      (await client.sendCommand<string>(['CLUSTER', 'INFO'])).includes('state:ok')
    while (!(await isWhole())) await new Promise((resolve) => setTimeout(resolve, 50))
  })
  afterAll(() => cluster.close())

  async function clusterPlace(): Promise<StorePlace> {
    const prefix = freshPrefix()
    const raw = await connected(cluster)
    return {
      async open() {
        const client = createCluster({ rootNodes: [{ url: cluster.url }] })
        await client.connect()
        opened.push(client)
        return redisStore(client, { prefix })
      },
      read: async (name) => (await raw.hGet(prefix + quoted(name), 'entry')) ?? undefined,
      write: (name, text) => raw.hSet(prefix + quoted(name), 'entry', text),
      close: closeClients,
    }
  }

  test.each(contract)('%s', async (_, { run }) => {
    await expect(run({ place: clusterPlace })).resolves.toBeUndefined()
  })
})

describe('expiry', () => {
  async function timeToLive(session: object, options: RedisStoreOptions = {}) {
    const prefix = freshPrefix()
    const store = await open(prefix, options)
    await store.setToken({ ...tokens, ...session }, 'a')
    return (await connected()).pTTL(`${prefix}a`)
  }

  test('a session is kept until its refresh token expires, and never for less than a day', async () => {
    const week = await timeToLive({ refreshExpiresAt: Date.now() + 7 * DAY_MS })
    expect(week).toBeGreaterThan(6.9 * DAY_MS)
    expect(week).toBeLessThanOrEqual(7 * DAY_MS)
    expect(await timeToLive({ refreshExpiresAt: 1 })).toBeGreaterThan(0.9 * DAY_MS)
    const long = await timeToLive({ expiresAt: Date.now() + 9 * DAY_MS, refreshExpiresAt: 1 })
    expect(long).toBeGreaterThan(8.9 * DAY_MS)
  })

  test('a session whose end is unknown is kept for maxAgeMs from its last write, 90 days by default', async () => {
    expect(await timeToLive({ expiresAt: Date.now() + 1000 })).toBeGreaterThan(89.9 * DAY_MS)
    expect(await timeToLive({}, { maxAgeMs: 2 * DAY_MS })).toBeLessThanOrEqual(2 * DAY_MS)
  })

  test('a year that does not exist is no error', async () => {
    expect(await timeToLive({ refreshExpiresAt: Number.MAX_VALUE })).toBeLessThan(3651 * DAY_MS)
  })

  test('what a sign-out or a lock leaves behind expires within a day', async () => {
    const prefix = freshPrefix()
    const store = await open(prefix)
    const raw = await connected()
    await store.lock('a', async () => undefined)
    expect(await raw.pTTL(`${prefix}a`)).toBeGreaterThan(0)
    await store.setToken(tokens, 'b')
    await store.removeToken('b')
    for (const name of ['a', 'b']) expect(await raw.pTTL(prefix + name)).toBeLessThanOrEqual(DAY_MS)
    expect(await store.names()).toEqual([])
  })
})

describe('a holder that was stopped for longer than its lease', () => {
  const script = fileURLToPath(new URL('../src/redis/holder.ts', import.meta.url))

  /** Starts the holder, does `meanwhile` while it is stopped, and tells how its late write ended. */
  async function stopped(meanwhile: (store: Awaited<ReturnType<typeof open>>) => Promise<unknown>) {
    const prefix = freshPrefix()
    const store = await open(prefix)
    await store.setToken(tokens, 'session')
    const child = fork(script, [redis.url, prefix, '1000'])
    try {
      expect(await once(child, 'message')).toEqual(['holding', undefined])
      child.kill('SIGSTOP')
      await meanwhile(store)
      child.kill('SIGCONT')
      const answer = once(child, 'message')
      child.send('write')
      const [outcome] = await answer
      return { outcome, stored: await store.getToken('session') }
    } finally {
      child.kill('SIGKILL')
    }
  }

  test('cannot overwrite what another worker renewed under the lock in the meantime', async () => {
    const end = await stopped((store) =>
      store.lock('session', async () => void (await store.setToken(newer, 'session'))),
    )
    expect(end).toEqual({ outcome: 'ERR_STORE_OVERTAKEN', stored: newer })
  })

  test('cannot overwrite a sign-in', async () => {
    const end = await stopped(async (store) => store.setToken(newer, 'session'))
    expect(end).toEqual({ outcome: 'ERR_STORE_OVERTAKEN', stored: newer })
  })

  test('cannot bring back a session that was signed out', async () => {
    const end = await stopped(async (store) => store.removeToken('session'))
    expect(end).toEqual({ outcome: 'ERR_STORE_OVERTAKEN', stored: undefined })
  })

  test('still stores what it got when nobody wrote, though another took the lock', async () => {
    const { outcome, stored } = await stopped((store) =>
      store.lock('session', async () => undefined),
    )
    expect(outcome).toBe('written')
    expect(stored?.accessToken).toBe('CANARY-7f3a-late')
  })
})

describe('the lock', () => {
  test('is kept for longer than its lease while what runs under it goes on', async () => {
    const prefix = freshPrefix()
    const [one, two] = [await open(prefix, { leaseMs: 1000 }), await open(prefix)]
    const raw = await connected()
    const until = async () => Number(await raw.hGet(`${prefix}a`, 'until'))
    const order: string[] = []
    let second: Promise<void> | undefined
    await one.lock('a', async () => {
      second = two.lock('a', async () => void order.push('second'))
      const first = await until()
      while ((await until()) < first + 1000) await new Promise((resolve) => setTimeout(resolve, 50))
      order.push('first')
    })
    await second
    expect(order).toEqual(['first', 'second'])
  })

  test('is given back by its owner only: what another holds by then stays held', async () => {
    const prefix = freshPrefix()
    const one = await open(prefix)
    const raw = await connected()
    await one.lock('a', async () => void (await raw.hSet(`${prefix}a`, 'owner', 'another')))
    await one.lock('b', async () => undefined) // on the same connection: the other was given back
    await expect.poll(async () => raw.hExists(`${prefix}b`, 'owner')).toBe(0)
    expect(await raw.hGet(`${prefix}a`, 'owner')).toBe('another')
  })

  test('is given to those who wait in the order they came, before one who asks later', async () => {
    const prefix = freshPrefix()
    const stores = [await open(prefix), await open(prefix), await open(prefix), await open(prefix)]
    const raw = await connected()
    const [holder, ...waiters] = stores as [Store, ...Store[]]
    const order: string[] = []
    const waiting: Promise<void>[] = []
    await holder.lock('a', async () => {
      for (const [at, store] of waiters.entries()) {
        waiting.push(store.lock('a', async () => void order.push(`waiter ${at + 1}`)))
        await expect.poll(async () => raw.hExists(`${prefix}a`, `w${at + 1}`)).toBe(1)
      }
    })
    waiting.push(holder.lock('a', async () => void order.push('the holder again')))
    await Promise.all(waiting)
    expect(order).toEqual(['waiter 1', 'waiter 2', 'waiter 3', 'the holder again'])
    await expect.poll(async () => raw.hKeys(`${prefix}a`)).toEqual(['drawn']) // nothing is left of the queue
  })

  test('is left by a waiter that does not need it any more, whose place is free at once', async () => {
    const prefix = freshPrefix()
    const [holder, waiter, next] = [await open(prefix), await open(prefix), await open(prefix)]
    const raw = await connected()
    const leaving = new AbortController()
    const ran: string[] = []
    let left: Promise<unknown> | undefined
    let got: Promise<void> | undefined
    await holder.lock('a', async () => {
      const run = async () => void ran.push('the one that left')
      left = waiter.lock('a', run, leaving.signal).catch((error: unknown) => error)
      await expect.poll(async () => raw.hExists(`${prefix}a`, 'w1')).toBe(1)
      got = next.lock('a', async () => void ran.push('the next'))
      await expect.poll(async () => raw.hExists(`${prefix}a`, 'w2')).toBe(1)
      leaving.abort('not needed')
      await expect.poll(async () => raw.hExists(`${prefix}a`, 'w1')).toBe(0)
    })
    await got
    expect(await left).toBe('not needed')
    expect(ran).toEqual(['the next'])
  })

  test('passes over a waiter that was killed', async () => {
    const prefix = freshPrefix()
    const [holder, waiter] = [await open(prefix), await open(prefix)]
    const client = await connected()
    const raw = await connected()
    let waiting: Promise<string> | undefined
    await holder.lock('a', async () => {
      void redisStore(client, { prefix })
        .lock('a', async () => 'never')
        .catch(() => undefined)
      await expect.poll(async () => raw.hExists(`${prefix}a`, 'w1')).toBe(1)
      client.destroy()
      waiting = waiter.lock('a', async () => 'in')
      await expect.poll(async () => raw.hExists(`${prefix}a`, 'w2')).toBe(1)
    })
    expect(await waiting).toBe('in')
  })

  test('a sign-out and a sign-in while the lock is held win over what the holder read before', async () => {
    const prefix = freshPrefix()
    const [one, two] = [await open(prefix), await open(prefix)]
    const late = await one.lock('a', async () => {
      await two.setToken(newer, 'a')
      return Promise.resolve(one.setToken(tokens, 'a')).catch((error: unknown) => error)
    })
    expect(late).toMatchObject({ code: 'ERR_STORE_OVERTAKEN' })
    expect(inspect(late)).not.toContain('CANARY-7f3a')
    await one.lock('a', async () => {
      await one.removeToken('a')
      await one.setToken(tokens, 'a') // somebody signs in again, on the store whose renewal still runs
    })
    expect(await two.getToken('a')).toEqual(tokens)
  })
})
