import { equal, ok } from 'node:assert/strict'
import type { Fact } from './facts.ts'
import { freshManager, staleManager } from './managers.ts'

export const waitingFacts: readonly Fact[] = [
  {
    name: "a waiter's abort settles at once, as the client's own, and disturbs nobody",
    async run(client, world) {
      const send = client.connect(await staleManager(world), world.api)
      const renewal = world.hold('/renew')
      const controller = new AbortController()
      const aborted = send('/items?first', { signal: controller.signal })
      await renewal.whenWaiting()
      const other = send('/items?second')
      controller.abort()
      ok(client.isAbort((await aborted).result)) // the renewal is still held
      equal(world.renewals, 1)
      renewal.release()
      equal((await other).status, 200)
      equal(world.renewals, 1)
    },
  },
  {
    name: 'an abort while the first token is being obtained settles at once too',
    async run(client, world) {
      const send = client.connect(freshManager(world), world.api)
      const renewal = world.hold('/renew')
      const controller = new AbortController()
      const aborted = send('/items', { signal: controller.signal })
      await renewal.whenWaiting()
      controller.abort()
      ok(client.isAbort((await aborted).result))
      renewal.release()
      equal((await send('/items')).status, 200)
      equal(world.renewals, 1)
    },
  },
  {
    name: 'a request aborted before it is sent reaches no server',
    async run(client, world) {
      const send = client.connect(freshManager(world), world.api)
      const { result } = await send('/items', { signal: AbortSignal.abort() })
      ok(client.isAbort(result))
      equal(world.of('/items').length, 0)
    },
  },
]
