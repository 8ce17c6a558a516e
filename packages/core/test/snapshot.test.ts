import { describe, expect, it } from 'vitest'
import { snapshot } from '../src/adapter.ts'

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
