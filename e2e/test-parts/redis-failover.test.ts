import { redisStore } from '@latchkey/stores/redis'
import { createClient } from 'redis'
import { afterEach, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../src/redis/server.ts'

const tokens = { accessToken: 'CANARY-7f3a-access', refreshToken: 'CANARY-7f3a-refresh' }
const newer = { accessToken: 'CANARY-7f3a-access-2', refreshToken: 'CANARY-7f3a-refresh-2' }

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

async function server(settings: string[] = []): Promise<RedisServer> {
  const started = await startRedis(settings)
  cleanUps.push(started.close)
  return started
}

async function connect({ url }: RedisServer) {
  const client = createClient({ url, socket: { reconnectStrategy: 50 } })
  client.on('error', () => undefined)
  await client.connect()
  cleanUps.push(() => client.isOpen && client.destroy())
  return client
}

/** A master, its replica that has caught up, and how to promote the replica once the master is gone. */
async function pair() {
  const master = await server()
  const { hostname, port } = new URL(master.url)
  const replica = await server(['--replicaof', `${hostname} ${port}`])
  const raw = await connect(replica)
  const isLinked = async () => (await raw.info('replication')).includes('master_link_status:up')
  await expect.poll(isLinked, { timeout: 20_000 }).toBe(true)
  const onMaster = await connect(master)
  return {
    replica,
    master,
    store: redisStore(onMaster),
    caughtUp: () => onMaster.sendCommand(['WAIT', '1', '5000']),
    async failOver() {
      await master.stop('SIGKILL')
      await raw.sendCommand(['REPLICAOF', 'NO', 'ONE'])
      return redisStore(await connect(replica))
    },
    cutOff: () => raw.sendCommand(['REPLICAOF', '127.0.0.1', '1']),
  }
}

test('what reached the replica is there after a failover: the session, the lock and the fence', async () => {
  const { store, caughtUp, failOver } = await pair()
  await store.setToken(tokens, 'a')
  await store.lock('a', async () => {
    expect(await caughtUp()).toBe(1)
    const promoted = await failOver()
    expect(await promoted.getToken('a')).toEqual(tokens)
    // Whoever renews next waits until the lease of the lock has ended, and only then presents the refresh token.
    await promoted.lock('a', async () => void (await promoted.setToken(newer, 'a')))
    expect(await promoted.getToken('a')).toEqual(newer)
  })
})

test('a renewal that did not reach the replica is lost with the master: the session before it is there', async () => {
  const { store, caughtUp, cutOff, failOver } = await pair()
  await store.setToken(tokens, 'a')
  expect(await caughtUp()).toBe(1)
  await cutOff()
  await store.lock('a', async () => void (await store.setToken(newer, 'a')))
  const promoted = await failOver()
  expect(await promoted.getToken('a')).toEqual(tokens)
  // A process that has the newer session can store it, outside of a lock or under a new one.
  await promoted.lock('a', async () => void (await promoted.setToken(newer, 'a')))
  expect(await promoted.getToken('a')).toEqual(newer)
})

/** A Redis that evicts any key once it is full, and how to fill it until `key` is gone. */
async function evicting() {
  const redis = await server(['--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-random'])
  const raw = await connect(redis)
  const open = async () => redisStore(await connect(redis), { prefix: '' })
  async function evict(key: string) {
    for (let at = 0; (await raw.exists(key)) === 1; at += 1) await raw.set(`filling-${at}`, FILLING)
  }
  return { open, evict }
}

const FILLING = 'x'.repeat(20_000)

test('an eviction in the middle of a renewal loses nothing: its holder stores what it got', async () => {
  const { open, evict } = await evicting()
  const [one, two] = [await open(), await open()]
  await one.setToken(tokens, 'a')
  await one.lock('a', async () => {
    await evict('a')
    await one.setToken(newer, 'a')
  })
  expect(await two.getToken('a')).toEqual(newer)
})

test('after an eviction another is let in, finds no refresh token to present, and its sign-in wins', async () => {
  const { open, evict } = await evicting()
  const [one, two] = [await open(), await open()]
  await one.setToken(tokens, 'a')
  const late = await one.lock('a', async () => {
    await evict('a')
    await two.lock('a', async () => {
      expect(await two.getToken('a')).toBeUndefined()
      await two.setToken(newer, 'a')
    })
    return Promise.resolve(one.setToken(tokens, 'a')).catch((error: unknown) => error)
  })
  expect(late).toMatchObject({ code: 'ERR_STORE_OVERTAKEN' })
  expect(await two.getToken('a')).toEqual(newer)
})

test('in a full Redis a session is renewed, also by those who wait, and ended; a new one is refused', async () => {
  const redis = await server()
  const raw = await connect(redis)
  const [one, two] = [redisStore(await connect(redis)), redisStore(await connect(redis))]
  await one.setToken(tokens, 'a')
  await raw.configSet('maxmemory', '1')
  const waiting: Promise<unknown>[] = []
  await one.lock('a', async () => {
    waiting.push(two.lock('a', async () => two.setToken(tokens, 'a')))
    await expect.poll(() => raw.hExists('latchkey:a', 'w1')).toBe(1)
    await one.setToken(newer, 'a')
  })
  await Promise.all(waiting)
  expect(await one.getToken('a')).toEqual(tokens)
  await expect(one.setToken(tokens, 'b')).rejects.toMatchObject({ code: 'ERR_STORE_FULL' })
  await one.removeToken('a')
  expect(await two.getToken('a')).toBeUndefined()
})
