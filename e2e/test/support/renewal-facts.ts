import { deepEqual, equal } from 'node:assert/strict'
import type { Fact } from './facts.ts'
import { freshManager, renewalGrant, staleManager } from './managers.ts'
import type { Send } from './client.ts'

/** `count` requests at once; their statuses, each once. */
export async function statusesOf(count: number, send: (index: number) => ReturnType<Send>) {
  const outcomes = await Promise.all(Array.from({ length: count }, (_, index) => send(index)))
  return [...new Set(outcomes.map(({ status }) => status))]
}

export const renewalFacts: readonly Fact[] = [
  {
    name: '100 concurrent requests with a dead token: 100 successes, 1 renewal, 200 sends',
    async run(client, world) {
      const send = client.connect(await staleManager(world), world.api)
      const arrived = world.hold('/items')
      const sent = statusesOf(100, () => send('/items'))
      await arrived.whenWaiting(100)
      arrived.release()
      deepEqual(await sent, [200])
      equal(world.renewals, 1)
      equal(world.of('/items').length, 200)
    },
  },
  {
    name: '100 concurrent requests without a token: 1 renewal, 100 sends',
    async run(client, world) {
      const send = client.connect(freshManager(world), world.api)
      deepEqual(await statusesOf(100, () => send('/items')), [200])
      equal(world.renewals, 1)
      equal(world.of('/items').length, 100)
    },
  },
  {
    name: 'a late 401 does not renew again',
    async run(client, world) {
      const send = client.connect(await staleManager(world), world.api)
      const late = world.hold('/late')
      const pending = send('/late')
      await late.whenWaiting()
      equal((await send('/items')).status, 200)
      late.release()
      equal((await pending).status, 200)
      equal(world.renewals, 1)
      equal(world.of('/late').length, 2)
    },
  },
  {
    name: 'a grant that uses the very client it serves does not wait for itself',
    async run(client, world) {
      let api: Send | undefined
      const grant = {
        name: 'through the client',
        async request() {
          const { text } = (await api?.('/renew', { method: 'POST' })) ?? {}
          return JSON.parse(text ?? '')
        },
      }
      api = client.connect(await staleManager(world, { grants: [grant] }), world.api)
      equal((await api('/items')).status, 200)
      equal(world.renewals, 1)
    },
  },
  {
    name: 'the replay announces itself without query or token',
    async run(client, world) {
      const manager = await staleManager(world, { grants: [renewalGrant(world)] })
      const urls: string[] = []
      manager.on('retried', ({ method, url }) => urls.push(`${method} ${url}`))
      await client.connect(manager, world.api)('/items?secret=1')
      deepEqual(urls, [`GET ${world.api}/items`])
    },
  },
]
