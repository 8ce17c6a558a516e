import { describe, expect, it } from 'vitest'
import { mayBeStored } from '../src/adapter.ts'

describe('an answer', () => {
  it.each([
    [{ 'cache-control': 'max-age=60' }],
    [{ 'cache-control': 'private, Max-Age=60' }],
    [{ 'cache-control': 's-maxage=60' }],
    [{ 'cache-control': 'Public' }],
    [{ expires: 'Thu, 01 Dec 2033 16:00:00 GMT' }],
    [{ age: '1' }],
  ])('with %j may be in a cache', (headers) => {
    expect(mayBeStored(new Headers(headers))).toBe(true)
  })

  it.each([[{}], [{ 'cache-control': 'no-store' }], [{ etag: '"1"' }]])(
    'with %j is not in a cache',
    (headers) => {
      expect(mayBeStored(new Headers(headers))).toBe(false)
    },
  )
})
