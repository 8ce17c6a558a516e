import { replayable } from '@latchkey/core'
import { equal, ok } from './expect.ts'
import type { Seen } from './scene.ts'
import { type AdapterCase, fact } from './stage.ts'
import type { Call } from './subject.ts'

const text = 'Grüße, 世界\r\n'.repeat(100)
const json = { 'content-type': 'application/json' }

function form(): FormData {
  const data = new FormData()
  data.set('title', text)
  data.set('file', new Blob([text]), 'file.txt')
  return data
}

const bodies: Record<string, () => Call> = {
  JSON: () => ({ body: JSON.stringify({ text, list: [1, null] }), headers: json }),
  string: () => ({ body: text, headers: { 'content-type': 'text/plain' } }),
  URLSearchParams: () => ({ body: new URLSearchParams({ text, more: '&=' }) }),
  FormData: () => ({ body: form() }),
  Blob: () => ({ body: new Blob([text], { type: 'text/plain' }) }),
  ArrayBuffer: () => ({ body: Uint8Array.from([0, 255, 13, 10, 128]).buffer }),
  'typed array': () => ({ body: Uint8Array.from([1, 2, 3, 4, 5]).subarray(1, 4) }),
}

const named = (name: string): string => `${name.startsWith('A') ? 'an' : 'a'} ${name}`

/** What arrived, with the boundary of a form, which differs from sending to sending, named X. */
function arrived({ method, headers, body }: Seen) {
  const type = headers['content-type']
  const boundary = /boundary=(.+)$/.exec(type ?? '')?.[1]
  const plain = (value: string | undefined) => (boundary ? value?.replaceAll(boundary, 'X') : value)
  return { method, type: plain(type), body: plain(body) }
}

const replays: AdapterCase[] = Object.entries(bodies).map(([name, make]) =>
  fact(
    `${named(name)} body is replayed byte for byte`,
    ['F24', 'S23', 'S24', 'T08', 'T09'],
    async ({ scene, connect, stale }) => {
      equal((await connect(stale())('/items', { method: 'POST', ...make() })).status, 200)
      const [first, second, ...more] = (await scene.of('/items')).map(arrived)
      equal(more.length, 0)
      equal(first?.method, 'POST')
      ok((first?.body?.length ?? 0) > 2, 'the body arrived')
      equal(second, first)
    },
  ),
)

/** A body, and what a careless caller does to it once it is sent. */
const mutable: Record<string, () => { body: unknown; mutate: () => void }> = {
  FormData() {
    const body = form()
    return { body, mutate: () => body.set('title', 'changed') }
  },
  URLSearchParams() {
    const body = new URLSearchParams({ text })
    return { body, mutate: () => body.set('text', 'changed') }
  },
  ArrayBuffer() {
    const bytes = Uint8Array.from([1, 2, 3])
    return { body: bytes.buffer, mutate: () => bytes.fill(9) }
  },
  'typed array'() {
    const body = Uint8Array.from([1, 2, 3, 4])
    return { body, mutate: () => body.fill(9) }
  },
}

const snapshots: AdapterCase[] = Object.entries(mutable).map(([name, make]) =>
  fact(
    `${named(name)} changed after it was sent is replayed as it was`,
    ['F33', 'S23'],
    async ({ scene, connect, stale }) => {
      const { body, mutate } = make()
      const held = await scene.hold('/items')
      const pending = connect(stale())('/items', { method: 'POST', body })
      await held.whenWaiting()
      mutate()
      await held.release()
      equal((await pending).status, 200)
      const [first, second] = (await scene.of('/items')).map(arrived)
      equal(second, first)
    },
  ),
)

const oneShot = fact(
  'a one-shot stream is sent once: the 401 comes back with ERR_BODY_NOT_REPLAYABLE',
  ['F25', 'T09', 'S23'],
  async ({ scene, connect, stale, stream }) => {
    if (!stream) return // the transport takes none
    const manager = stale()
    const send = connect(manager)
    const { status, result } = await send('/items', { method: 'POST', body: stream('once') })
    equal(status, 401)
    equal(manager.explain(result)?.code, 'ERR_BODY_NOT_REPLAYABLE')
    equal(
      (await scene.of('/items')).map(({ body }) => body),
      ['once'],
    )
    equal((await send('/items')).status, 200)
    equal(await scene.renewals(), 1)
  },
)

const fromFactory = fact(
  'a stream made by replayable() is replayed byte for byte',
  ['F26', 'T09'],
  async ({ scene, connect, stale, stream }) => {
    if (!stream) return // the transport takes none
    const body = replayable(() => stream('again'))
    equal((await connect(stale())('/items', { method: 'POST', body })).status, 200)
    equal(
      (await scene.of('/items')).map((seen) => seen.body),
      ['again', 'again'],
    )
  },
)

const sameStream = fact(
  'a stream that replayable() returns a second time is never sent empty',
  ['F26', 'T09'],
  async ({ scene, connect, stale, stream }) => {
    if (!stream) return // the transport takes none
    const one = stream('once')
    const body = replayable(() => one)
    const { status } = await connect(stale())('/items', { method: 'POST', body })
    ok(status !== 200, 'it is not answered as if it had been sent')
    equal(
      (await scene.of('/items')).map((seen) => seen.body),
      ['once'],
    )
  },
)

const unchanged = fact(
  "a replay keeps method and URL, and leaves the caller's own objects as they were",
  ['T08', 'S23', 'F28', 'F29'],
  async ({ scene, connect, stale, schemeHeaders }) => {
    const call = { method: 'PUT', headers: { 'x-mine': '1', ...json }, body: '{"a":1}' }
    const before = structuredClone(call)
    equal((await connect(stale())('/items?a=1&b=%20', call)).status, 200)
    equal(call, before, "the caller's call")
    const [first, second] = await scene.of('/items')
    const kept = ({ method, path, body, headers }: Seen) => {
      const changing = [...schemeHeaders, 'connection']
      const rest = Object.entries(headers).filter(([name]) => !changing.includes(name))
      return { method, path, body, rest: Object.fromEntries(rest) }
    }
    ok(first !== undefined && second !== undefined, 'sent twice')
    if (first && second) equal(kept(second), kept(first))
  },
)

/** What is sent again is the same, or nothing is. */
export const replayCases: readonly AdapterCase[] = [
  ...replays,
  ...snapshots,
  oneShot,
  fromFactory,
  sameStream,
  unchanged,
]
