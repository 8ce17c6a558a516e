import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { snapshot, untilBodyFails } from '../src/adapter.ts'
import { replayable } from '../src/index.ts'

describe('a snapshot of a body', () => {
  it('keeps a form as it was, files and repeated names included', async () => {
    const form = new FormData()
    form.append('title', 'a')
    form.append('title', 'b')
    form.append('file', new File(['bytes'], 'file.txt', { type: 'text/plain' }))
    const kept = snapshot(form)
    form.delete('title')
    form.delete('file')
    expect(kept.getAll('title')).toEqual(['a', 'b'])
    const file = kept.get('file') as File
    expect([file.name, file.type, await file.text()]).toEqual(['file.txt', 'text/plain', 'bytes'])
  })

  it('keeps search parameters as they were', () => {
    const search = new URLSearchParams('a=1&a=2')
    const kept = snapshot(search)
    search.set('a', '3')
    expect(kept.getAll('a')).toEqual(['1', '2'])
  })

  it('keeps the bytes of a buffer', () => {
    const bytes = Uint8Array.from([1, 2, 3])
    const kept = snapshot(bytes.buffer)
    bytes.fill(9)
    expect([...new Uint8Array(kept)]).toEqual([1, 2, 3])
  })

  it('keeps only the bytes that a view shows', () => {
    const bytes = Uint8Array.from([1, 2, 3, 4])
    const kept = snapshot(new DataView(bytes.buffer, 1, 2))
    bytes.fill(9)
    expect([...new Uint8Array(kept.buffer)]).toEqual([2, 3])
  })

  it.each([
    ['a string', 'text'],
    ['a Blob', new Blob(['text'])],
    ['a stream', new Blob(['text']).stream()],
    ['nothing', undefined],
    ['null', null],
  ])('does not copy %s, which cannot change or cannot be copied', (_, body) => {
    expect(snapshot(body)).toBe(body)
  })
})

describe('a function for replayable()', () => {
  const notABody: [string, unknown][] = [
    ['an object', { a: 1 }],
    ['a list', ['a']],
    ['a function', () => 'a'],
    ['a date', new Date(0)],
    ['a response', new Response('a')],
  ]

  it.each(notABody)('may not return %s, nor a promise of it', async (_, made) => {
    const code = 'ERR_BODY_NOT_REPLAYABLE'
    expect(() => replayable(() => made as object)).toThrow(expect.objectContaining({ code }))
    const promised = replayable(async () => made) as unknown as ReadableStream
    await expect(new Response(promised).text()).rejects.toMatchObject({ code })
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
  ])('may not return a promise of %s', async (_, made) => {
    const promised = replayable(async () => made) as unknown as ReadableStream
    await expect(new Response(promised).text()).rejects.toThrow('no body')
  })

  it.each([
    ['a text', 'a'],
    ['a blob', new Blob(['a'])],
    ['a buffer', Uint8Array.of(97).buffer],
    ['a view', Uint8Array.of(97)],
    ['a Node stream', Readable.from([Uint8Array.of(97)])],
  ])('may return a promise of %s', async (_, made) => {
    const promised = replayable(async () => made) as unknown as ReadableStream
    expect(await new Response(promised).text()).toBe('a')
  })
})

describe('a Node stream that is a body', () => {
  it('may fail after the wait for a token has failed', async () => {
    const stream = new PassThrough()
    const waiting = untilBodyFails(Promise.reject(new Error('signed out')), stream)
    await expect(waiting).rejects.toThrow('signed out')
    expect(() => stream.emit('error', new Error('broken'))).not.toThrow()
  })
})
