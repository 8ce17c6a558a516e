import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { inspect, promisify } from 'node:util'
import { redisStore, type RedisStoreOptions } from '@latchkey/stores/redis'
import { createClient } from 'redis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../src/redis/server.ts'

const tokens = { accessToken: 'CANARY-7f3a-access', refreshToken: 'CANARY-7f3a-refresh' }
const newer = { accessToken: 'CANARY-7f3a-access-2', refreshToken: 'CANARY-7f3a-refresh-2' }

let redis: RedisServer
const clients: { destroy(): void; isOpen: boolean }[] = []

beforeEach(async () => {
  redis = await startRedis()
})
afterEach(async () => {
  for (const client of clients.splice(0)) if (client.isOpen) client.destroy()
  await redis.close()
})

async function open(options: RedisStoreOptions = {}) {
  const client = createClient({ url: redis.url, socket: { reconnectStrategy: 50 } })
  client.on('error', () => undefined)
  await client.connect()
  clients.push(client)
  return redisStore(client, options)
}

type Store = Awaited<ReturnType<typeof open>>

/** Every way in, and how it ended. */
async function outcomes(store: Store): Promise<unknown[]> {
  const ended = await Promise.allSettled([
    store.getToken('a'),
    store.setToken(newer, 'a'),
    store.removeToken('a'),
    store.names(),
    store.lock('a', async () => 'ran'),
  ])
  const failed = ended.filter(({ status }) => status === 'rejected')
  expect(inspect(failed, { depth: null })).not.toContain('CANARY-7f3a')
  return ended.map((one) => (one.status === 'rejected' ? one.reason.code : one.value))
}

const unavailable = Array.from({ length: 5 }, () => 'ERR_STORE_UNAVAILABLE')

describe('while Redis is away', () => {
  test('every call says so, none happens later, and all work again when it is back', async () => {
    const store = await open()
    await store.setToken(tokens, 'a')
    await redis.stop()
    expect(await outcomes(store)).toEqual(unavailable)
    await redis.start()
    await expect.poll(async () => store.getToken('a')).toEqual(tokens)
    expect((await outcomes(store)).at(-1)).toBe('ran')
  })

  test('a Redis that hangs is given up as well', async () => {
    const store = await open()
    process.kill(redis.pid(), 'SIGSTOP')
    expect(await outcomes(store)).toEqual(unavailable)
    process.kill(redis.pid(), 'SIGCONT')
    expect(await store.lock('a', async () => 'ran')).toBe('ran')
  })

  test('a restart that is over within a call costs nothing', async () => {
    const store = await open()
    await store.setToken(tokens, 'a')
    await redis.stop('SIGKILL')
    const [stored] = await Promise.all([store.getToken('a'), redis.start()])
    expect(stored).toEqual(tokens)
  })

  test('what was renewed under the lock is stored when Redis is back, before anybody else is let in', async () => {
    const [one, two] = [await open(), await open()]
    await one.setToken(tokens, 'a')
    let writing: Promise<unknown> | undefined
    await one.lock('a', async () => {
      await redis.stop()
      writing = Promise.resolve(one.setToken(newer, 'a'))
    })
    await expect(two.getToken('a')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    await redis.start()
    expect(await two.lock('a', async () => two.getToken('a'))).toEqual(newer)
    await writing
  })

  test('a change that could not be heard is told after the reconnection, and only a change', async () => {
    const one = await open()
    const told: string[] = []
    one.subscribe('a', () => told.push('a'))
    one.subscribe('b', () => told.push('b'))
    const raw = createClient({ url: redis.url })
    clients.push(await raw.connect())
    const channels = ['latchkey:a:changed', 'latchkey:b:changed']
    const listening = async () => Object.values(await raw.pubSubNumSub(channels))
    await expect.poll(listening).toEqual([1, 1])
    await one.getToken('a') // what subscribing asks has been answered before
    await raw.hSet('latchkey:a', 'fence', '1') // a write whose message nobody heard
    expect(await raw.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])).toBe(1)
    await expect.poll(() => told).toContain('a')
    expect(told).not.toContain('b')
  })
})

test.each(['close', 'unref'])(
  'listening keeps no process alive that is done with its client: %s()',
  async (how) => {
    const script = fileURLToPath(new URL('../src/redis/listener.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [script, redis.url, how])
    expect(stdout).toBe('session\n')
  },
)
