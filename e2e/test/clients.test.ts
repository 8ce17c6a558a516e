import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients } from './support/clients.ts'
import { facts, named } from './support/facts.ts'
import { staleManager } from './support/managers.ts'
import { statusesOf } from './support/renewal-facts.ts'
import { startWorldServer, type WorldServer } from './support/world-server.ts'

let server: WorldServer
beforeAll(async () => {
  server = await startWorldServer()
})
afterAll(() => server.close())

describe.each(clients)('$name', (client) => {
  test.each(named(facts))('%s', async (_, { run }) => {
    await expect(run(client, server.open())).resolves.toBeUndefined()
  })
})

describe('all clients on one manager', () => {
  test('100 concurrent requests with a dead token: 100 successes, 1 renewal, 200 sends', async () => {
    const world = server.open()
    const manager = await staleManager(world)
    const senders = clients.map((client) => client.connect(manager, world.api))
    const arrived = world.hold('/items')
    const sent = statusesOf(100, (index) => senders[index % senders.length]!('/items'))
    await arrived.whenWaiting(100)
    arrived.release()
    expect(await sent).toEqual([200])
    expect(world.renewals).toBe(1)
    expect(world.of('/items')).toHaveLength(200)
  })
})
