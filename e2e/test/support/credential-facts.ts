import { deepEqual, equal } from 'node:assert/strict'
import { bearer, headerScheme } from '@latchkey/core'
import type { Fact } from './facts.ts'
import { freshManager, staleManager } from './managers.ts'
import type { Seen } from './world.ts'

/** The credential headers that reached a server. */
export function credentialsOf(seen: Seen | undefined): Record<string, unknown> {
  const names = ['authorization', 'xc-auth', 'xc-token']
  return Object.fromEntries(
    names.flatMap((name) =>
      seen?.headers[name] === undefined ? [] : [[name, seen.headers[name]]],
    ),
  )
}

export const credentialFacts: readonly Fact[] = [
  {
    name: 'the bearer scheme sends the token as Authorization',
    async run(client, world) {
      const send = client.connect(freshManager(world, { scheme: bearer() }), world.api)
      equal((await send('/items')).status, 200)
      deepEqual(credentialsOf(world.of('/items')[0]), { authorization: `Bearer ${world.token}` })
    },
  },
  {
    name: 'a header scheme sends the token in that header and no other',
    async run(client, world) {
      const send = client.connect(
        freshManager(world, { scheme: headerScheme('xc-token') }),
        world.api,
      )
      equal((await send('/items')).status, 200)
      deepEqual(credentialsOf(world.of('/items')[0]), { 'xc-token': world.token })
    },
  },
  {
    name: 'an absolute URL to another port gets no token and starts no renewal',
    async run(client, world) {
      const send = client.connect(freshManager(world), world.api)
      equal((await send(`${world.other}/items`)).status, 200)
      deepEqual(credentialsOf(world.of('/items')[0]), {})
      equal(world.renewals, 0)
    },
  },
  {
    name: "the caller's other headers arrive",
    async run(client, world) {
      const send = client.connect(freshManager(world), world.api)
      await send('/items', { headers: { 'x-mine': '1' } })
      equal(world.of('/items')[0]?.headers['x-mine'], '1')
    },
  },
  {
    name: "the caller's own credential wins, and its 401 renews nothing",
    async run(client, world) {
      const send = client.connect(freshManager(world), world.api)
      for (const name of ['xc-auth', 'Authorization', 'XC-Token']) {
        const { status } = await send('/items', { headers: { [name]: 'mine' } })
        equal(status, 401)
        deepEqual(credentialsOf(world.seen.at(-1)), { [name.toLowerCase()]: 'mine' })
      }
      equal(world.renewals, 0)
      equal(world.seen.length, 3)
    },
  },
  {
    name: 'attached twice, the token is sent once and a dead one is renewed once',
    async run(client, world) {
      const send = client.connectTwice(await staleManager(world), world.api)
      equal((await send('/items')).status, 200)
      deepEqual(credentialsOf(world.of('/items').at(-1)), { 'xc-auth': world.token })
      equal(world.of('/items').length, 2)
      equal(world.renewals, 1)
    },
  },
]
