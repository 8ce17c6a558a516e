import { deepEqual, equal } from 'node:assert/strict'
import { replayable } from '@latchkey/core'
import type { Call } from './client.ts'
import type { Fact } from './facts.ts'
import { staleManager } from './managers.ts'
import type { Seen } from './world.ts'

const text = 'Grüße, 世界\r\n'.repeat(100)
const json = { 'content-type': 'application/json' }

const bodies: Record<string, () => Call> = {
  JSON: () => ({ body: JSON.stringify({ text, list: [1, null] }), headers: json }),
  string: () => ({ body: text, headers: { 'content-type': 'text/plain' } }),
  URLSearchParams: () => ({ body: new URLSearchParams({ text, more: '&=' }) }),
  FormData: () => ({ body: form() }),
  Blob: () => ({ body: new Blob([text], { type: 'text/plain' }) }),
  ArrayBuffer: () => ({ body: Uint8Array.from([0, 255, 13, 10, 128]).buffer }),
  'typed array': () => ({ body: Uint8Array.from([1, 2, 3, 4, 5]).subarray(1, 4) }),
}

function form(): FormData {
  const data = new FormData()
  data.set('title', text)
  data.set('file', new Blob([text]), 'file.txt')
  return data
}

/** What arrived, with the boundary of a form, which differs from sending to sending, named X. */
function arrived({ method, headers, body }: Seen) {
  const type = headers['content-type']
  const boundary = /boundary=(.+)$/.exec(type ?? '')?.[1]
  const plain = (value: string | undefined) => (boundary ? value?.replaceAll(boundary, 'X') : value)
  return { method, type: plain(type), body: plain(body.toString('latin1')) }
}

const replays: Fact[] = Object.entries(bodies).map(([name, call]) => ({
  name: `a ${name} body is replayed byte for byte`,
  async run(client, world) {
    const send = client.connect(await staleManager(world), world.api)
    equal((await send('/items', { method: 'POST', ...call() })).status, 200)
    const [first, second, ...more] = world.of('/items').map(arrived)
    equal(more.length, 0)
    equal(first?.method, 'POST')
    equal((first?.body?.length ?? 0) > 2, true)
    deepEqual(second, first)
  },
}))

export const bodyFacts: readonly Fact[] = [
  ...replays,
  {
    name: 'a one-shot stream is sent once: the 401 comes back with ERR_BODY_NOT_REPLAYABLE',
    async run(client, world) {
      const manager = await staleManager(world)
      const send = client.connect(manager, world.api)
      const { status, result } = await send('/items', { method: 'POST', body: client.stream(text) })
      equal(status, 401)
      equal(manager.explain(result)?.code, 'ERR_BODY_NOT_REPLAYABLE')
      deepEqual(
        world.of('/items').map(({ body }) => body.toString()),
        [text],
      )
      equal((await send('/items')).status, 200)
      equal(world.renewals, 1)
    },
  },
  {
    name: 'a stream made by replayable() is replayed byte for byte',
    async run(client, world) {
      const send = client.connect(await staleManager(world), world.api)
      const body = replayable(() => client.stream(text))
      equal((await send('/items', { method: 'POST', body })).status, 200)
      deepEqual(
        world.of('/items').map((seen) => seen.body.toString()),
        [text, text],
      )
    },
  },
]
