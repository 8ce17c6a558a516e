import { type RedisPort, redisStore } from '@latchkey/stores/redis'
import { createClient, createCluster } from 'redis'
import { expect, test } from 'vitest'

const DAY_MS = 86_400_000
const tokens = { accessToken: 'CANARY-7f3a-access' }

test('clients and clusters of the official package fit, with their modules and whatever their protocol', () => {
  const three = createClient({ RESP: 3 })
  const two = createClient({ RESP: 2 })
  const cluster = createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] })
  for (const store of [redisStore(three), redisStore(two), redisStore(cluster)]) {
    expect(Object.keys(store).toSorted()).toEqual([
      'getToken',
      'lock',
      'names',
      'removeToken',
      'setToken',
      'subscribe',
    ])
  }
})

test('a client that was never connected is told at once, by every method', async () => {
  const store = redisStore(createClient())
  const calls = [
    store.getToken('a'),
    store.setToken(tokens, 'a'),
    store.removeToken('a'),
    store.names(),
    store.lock('a', async () => undefined),
  ]
  for (const call of calls) {
    const error = await Promise.resolve<unknown>(call).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      message: expect.stringContaining('connect()'),
    })
    expect(error).not.toHaveProperty('cause') // nothing was tried
  }
})

test('a prefix that is not a string, and durations out of range, are refused at once', () => {
  const client = createClient()
  // @ts-expect-error wrong on purpose
  expect(() => redisStore(client, { prefix: 7 })).toThrow(/prefix/)
  for (const leaseMs of [0, 999, 60_001, Number.NaN, Infinity]) {
    expect(() => redisStore(client, { leaseMs })).toThrow(/leaseMs/)
  }
  for (const maxAgeMs of [0, -1, DAY_MS - 1, Number.NaN, Infinity]) {
    expect(() => redisStore(client, { maxAgeMs })).toThrow(/maxAgeMs/)
  }
})

test('what is not a known client is refused at once', () => {
  const invalid = expect.objectContaining({ code: 'ERR_INVALID_OPTION' })
  for (const client of [undefined, null, 'redis://127.0.0.1', {}, { isOpen: true }]) {
    expect(() => redisStore(client as never)).toThrow(invalid)
  }
})

test('listening and stopping leaves nothing behind at the client', () => {
  const client = createClient({ url: 'redis://127.0.0.1:1' })
  const before = client.listenerCount('end')
  const store = redisStore(client)
  const stop = store.subscribe('a', () => undefined)
  expect(client.listenerCount('end')).toBe(before + 1)
  stop()
  expect(client.listenerCount('end')).toBe(before)
})

test('what a script was answered by Redis 6 means the same as by Redis 7', async () => {
  const words = [
    ['OOM command not allowed', 'ERR_STORE_FULL'],
    ['WRONGTYPE Operation against a key', 'ERR_STORE_GARBAGE'],
    ['NOPERM this user has no permissions', 'ERR_STORE_DENIED'],
  ]
  const six = 'ERR Error running script (call to f_ac5b): @user_script:4: @user_script: 4: -'
  for (const [answer, code] of words) {
    for (const before of ['', six]) {
      const runScript = () => Promise.reject(new Error(`${before}${answer}.`))
      const port = { isOpen: () => true, runScript, keyScans: async () => [], listen: () => noOne }
      await expect(redisStore(port).removeToken('a')).rejects.toMatchObject({ code })
    }
  }
})

const noOne = { subscribe: async () => {}, unsubscribe: async () => {}, close: () => {} }

test('who has waited behind another caller of the same store does not take the lock if it is not needed any more', async () => {
  let owners = 0
  const runScript = async (_: string, _key: string, values: readonly string[]) =>
    values.length > 2 ? [(owners += 1)] : undefined
  const port = { isOpen: () => true, runScript, listen: () => undefined } as unknown as RedisPort
  const { lock } = redisStore(port)
  const { promise: work, resolve: finish } = Promise.withResolvers<void>()
  const leaving = new AbortController()
  const first = lock('me', () => work)
  const second = lock('me', async () => undefined, leaving.signal)
  leaving.abort(new Error('not needed'))
  finish()
  await first
  await expect(second).rejects.toThrow('not needed')
  expect(owners).toBe(1)
})
