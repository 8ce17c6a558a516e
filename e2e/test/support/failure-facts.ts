import { deepEqual, equal, ok } from 'node:assert/strict'
import { isLatchkeyError } from '@latchkey/core'
import type { Outcome } from './client.ts'
import type { Fact } from './facts.ts'
import { leaks } from './leaks.ts'
import { freshManager, staleManager } from './managers.ts'
import { LARGE_BODY } from './world.ts'

/** A 401 as the client always tells of it, with Latchkey's reason behind it. */
function isOwn401({ status, isOwnError, result }: Outcome, code: string): void {
  equal(status, 401)
  ok(isOwnError)
  if (result instanceof Error) {
    ok(isLatchkeyError(result.cause))
    equal(result.cause.code, code)
  }
}

const codeOf = ({ result }: Outcome) => (isLatchkeyError(result) ? result.code : result)

export const failureFacts: readonly Fact[] = [
  {
    name: "a second 401 is the client's own, with the reason: 2 sends, 1 renewal",
    async run(client, world) {
      const manager = await staleManager(world)
      const outcome = await client.connect(manager, world.api)('/denied')
      isOwn401(outcome, 'ERR_FRESH_TOKEN_REJECTED')
      equal(manager.explain(outcome.result)?.code, 'ERR_FRESH_TOKEN_REJECTED')
      equal(world.of('/denied').length, 2)
      equal(world.renewals, 1)
    },
  },
  {
    name: 'a 403 is passed on: 1 send, no renewal, nothing to explain',
    async run(client, world) {
      const manager = await staleManager(world)
      const { status, result } = await client.connect(manager, world.api)('/forbidden')
      equal(status, 403)
      equal(manager.explain(result), undefined)
      equal(world.of('/forbidden').length, 1)
      equal(world.renewals, 0)
    },
  },
  {
    name: "an unavailable renewal leaves the client's own 401 with the reason, and the session",
    async run(client, world) {
      world.renewalStatus = 503
      const manager = await staleManager(world)
      const ends: string[] = []
      manager.on('signedOut', ({ reason }) => ends.push(reason))
      const send = client.connect(manager, world.api)
      isOwn401(await send('/items'), 'ERR_RENEWAL_UNAVAILABLE')
      deepEqual(ends, [])
      world.renewalStatus = undefined
      await manager.refresh()
      equal((await send('/items')).status, 200)
    },
  },
  {
    name: 'a wrong password rejects with a LatchkeyError of its own code, asked for once',
    async run(client, world) {
      world.renewalStatus = 400
      const send = client.connect(freshManager(world), world.api)
      const outcomes = await Promise.all([send('/items'), send('/items'), send('/items')])
      deepEqual(outcomes.map(codeOf), Array(3).fill('ERR_WRONG_PASSWORD'))
      equal(codeOf(await send('/items')), 'ERR_WRONG_PASSWORD')
      equal(world.of('/renew').length, 1)
      equal(world.of('/items').length, 0)
    },
  },
  {
    name: 'a rejected renewal after a 401 signs out once, for any number of waiters',
    async run(client, world) {
      world.renewalStatus = 400
      const manager = await staleManager(world)
      const ends: string[] = []
      manager.on('signedOut', ({ reason }) => ends.push(reason))
      const send = client.connect(manager, world.api)
      const arrived = world.hold('/items')
      const pending = Array.from({ length: 20 }, () => send('/items'))
      await arrived.whenWaiting(20)
      arrived.release()
      for (const outcome of await Promise.all(pending)) isOwn401(outcome, 'ERR_WRONG_PASSWORD')
      deepEqual(ends, ['rejected'])
      equal(world.of('/renew').length, 1)
    },
  },
  {
    name: 'the body of a 401 stays readable, also a large one',
    async run(client, world) {
      const inspected: string[] = []
      const manager = await staleManager(world, {
        isTokenRejected: async (response) => {
          inspected.push(await response.text())
          return response.status === 401
        },
      })
      const send = client.connect(manager, world.api)
      equal((await send('/denied')).text, '{"msg":"Invalid token"}')
      equal((await send('/large-denied')).text, LARGE_BODY)
      equal(inspected[0], '{"msg":"Invalid token"}')
      deepEqual(inspected.at(-1), LARGE_BODY.slice(0, 16_384))
    },
  },
  {
    name: 'no response and no error prints a token',
    async run(client, world) {
      const manager = await staleManager(world)
      const send = client.connect(manager, world.api)
      const outcomes = [
        await send('/items'),
        await send('/items', { method: 'POST', body: '{}', headers: { 'x-mine': '1' } }),
        await send(`/redirect?status=302&to=${encodeURIComponent(`${world.api}/items`)}`),
        await send('/denied'),
        await send('/forbidden'),
        await send('http://127.0.0.1:1/items'),
      ]
      deepEqual(
        outcomes.map(({ status }) => status),
        [200, 200, 200, 401, 403, undefined],
      )
      for (const { result } of outcomes) deepEqual(leaks(result), [])
    },
  },
]
