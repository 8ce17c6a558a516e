import { afterEach, describe, expect, it, vi } from 'vitest'
import { mayBeStored } from '../src/adapter.ts'
import { boundedView, readingAhead } from '../src/fetch/response-view.ts'

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

describe('the 401 of a test double that cannot be copied', () => {
  afterEach(() => void vi.useRealTimers())

  it('is not read ahead while a renewal takes long', async () => {
    vi.useFakeTimers()
    const double = { status: 401, headers: new Headers(), body: 'text' } as unknown as Response
    const renewal = new Promise((resolve) => setTimeout(resolve, 1_000, 'renewed'))
    const waiting = readingAhead(double, renewal)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await waiting).toBe('renewed')
  })
})

it('a body that shows no stream, as in React Native, is read as a whole', async () => {
  const double = { status: 200, headers: new Headers(), url: '', bodyUsed: false }
  const copy = { ...double, text: async () => 'token expired' }
  const response = { ...double, clone: () => copy } as unknown as Response
  const view = boundedView(response, { url: new URL('https://api.test/items') })
  expect(await view.text()).toBe('token expired')
})
