import { deepEqual, equal } from 'node:assert/strict'
import { bearer, headerScheme, type Scheme } from '@latchkey/core'
import { credentialsOf } from './credential-facts.ts'
import type { Fact } from './facts.ts'
import { freshManager, staleManager } from './managers.ts'

const to = (status: number, target: string) =>
  `/redirect?status=${status}&to=${encodeURIComponent(target)}`

const schemes: Scheme[] = [bearer(), headerScheme('xc-auth'), headerScheme('xc-token')]

const drops: Fact[] = schemes.flatMap((scheme) =>
  [301, 302, 303, 307, 308].map((status) => ({
    name: `a ${status} to another port leaves ${scheme.name} behind`,
    async run(client, world) {
      const send = client.connect(freshManager(world, { scheme }), world.api)
      equal((await send(to(status, `${world.other}/open`))).status, 200)
      equal(Object.keys(credentialsOf(world.of('/redirect')[0])).length, 1)
      deepEqual(credentialsOf(world.of('/open')[0]), {})
    },
  })),
)

const roundTrips: Fact[] = schemes.map((scheme) => ({
  name: `${scheme.name} dropped on a redirect stays dropped on the way back`,
  async run(client, world) {
    const send = client.connect(freshManager(world, { scheme }), world.api)
    const back = `${world.other}${to(302, `${world.api}/open`)}`
    equal((await send(to(302, back))).status, 200)
    deepEqual(
      world.seen.map(({ at }) => at),
      ['api', 'api', 'other', 'api'],
    )
    deepEqual(credentialsOf(world.of('/open')[0]), {})
  },
}))

export const redirectFacts: readonly Fact[] = [
  ...drops,
  ...roundTrips,
  {
    name: 'a redirect within the origin keeps the token',
    async run(client, world) {
      const send = client.connect(freshManager(world), world.api)
      equal((await send(to(302, `${world.api}/items`))).status, 200)
      deepEqual(credentialsOf(world.of('/items')[0]), { 'xc-auth': world.token })
    },
  },
  {
    name: 'a dead token behind a redirect within the origin is renewed once',
    async run(client, world) {
      const send = client.connect(await staleManager(world), world.api)
      equal((await send(to(307, `${world.api}/items`))).status, 200)
      equal(world.renewals, 1)
      equal(world.of('/items').length, 2)
    },
  },
  {
    name: 'a 307 keeps method and body of a POST',
    async run(client, world) {
      const send = client.connect(freshManager(world), world.api)
      const call = { method: 'POST', body: 'text', headers: { 'content-type': 'text/plain' } }
      equal((await send(to(307, `${world.api}/items`), call)).status, 200)
      const [seen] = world.of('/items')
      deepEqual([seen?.method, seen?.body.toString()], ['POST', 'text'])
      equal(seen?.headers['content-type'], 'text/plain')
    },
  },
  {
    name: 'a 303 turns a POST into a GET without a body',
    async run(client, world) {
      const send = client.connect(freshManager(world), world.api)
      const call = { method: 'POST', body: 'text', headers: { 'content-type': 'text/plain' } }
      equal((await send(to(303, `${world.api}/items`), call)).status, 200)
      const [seen] = world.of('/items')
      deepEqual([seen?.method, seen?.body.toString()], ['GET', ''])
      equal(seen?.headers['content-type'], undefined)
    },
  },
  {
    name: 'a 401 from the target of a foreign redirect renews nothing',
    async run(client, world) {
      world.script('/elsewhere', [401])
      const send = client.connect(freshManager(world), world.api)
      equal((await send(to(302, `${world.other}/elsewhere`))).status, 401)
      equal(world.renewals, 1) // the first token
      equal(world.of('/redirect').length, 1)
    },
  },
]
