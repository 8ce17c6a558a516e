import * as axios from 'axios'
import * as ky from 'ky'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import axiosFloor from 'axios-floor/package.json' with { type: 'json' }
import kyFloor from 'ky-floor'
import { axiosClient } from './support/axios-client.ts'
import { facts, named } from './support/facts.ts'
import { kyClient } from './support/ky-client.ts'
import { freshManager } from './support/managers.ts'
import { startWorldServer, type WorldServer } from './support/world-server.ts'

// The oldest versions that the peer ranges allow take the place of the newest, in the adapters too.
vi.mock('axios', () => import('axios-floor'))
vi.mock('ky', () => import('ky-floor'))

const clients = [
  kyClient('the oldest ky', ky),
  axiosClient('the oldest axios, http adapter', axios, 'http'),
  axiosClient('the oldest axios, fetch adapter', axios, 'fetch'),
]

let server: WorldServer
beforeAll(async () => {
  server = await startWorldServer()
})
afterAll(() => server.close())

test('the oldest versions are really the ones in use, by the adapters too', async () => {
  expect(ky.default).toBe(kyFloor)
  const world = server.open()
  await clients[1]!.connect(freshManager(world), world.api)('/items')
  expect(world.of('/items')[0]?.headers['user-agent']).toBe(`axios/${axiosFloor.version}`)
})

describe.each(clients)('$name', (client) => {
  test.each(named(facts))('%s', async (_, { run }) => {
    await expect(run(client, server.open())).resolves.toBeUndefined()
  })
})
