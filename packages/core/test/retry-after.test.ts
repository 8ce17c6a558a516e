import { describe, expect, it } from 'vitest'
import { parseRetryAfter, retryAfterOf } from '../src/grant/retry-after.ts'

const NOW = Date.UTC(2026, 0, 1)

describe('Retry-After', () => {
  it.each<[string | null | undefined, number | undefined]>([
    ['1', 1_000],
    ['60', 60_000],
    ['61', 60_000],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5_000],
    ['Thu, 01 Jan 2026 00:00:05 +0000', 5_000],
    ['2026-01-01T00:00:07Z', 7_000],
    ['Fri, 01 Jan 2027 00:00:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 23:59:59 GMT', undefined],
    ['0', undefined],
    ['-5', undefined],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%j is %j ms', (value, waitMs) => expect(parseRetryAfter(value, NOW)).toBe(waitMs))
})

describe("a grant's error", () => {
  const withHeader = (value: unknown) => ({ response: { headers: { get: () => value } } })

  it.each<[string, unknown, number | undefined]>([
    ['that carries retryAfterMs', { retryAfterMs: 1_234 }, 1_234],
    ['that carries something else by that name', { retryAfterMs: '5' }, undefined],
    ['whose response has the header', withHeader('3'), 3_000],
    ['whose response has the header twice', withHeader(['3', '4']), undefined],
    ['whose response has a header that is not a string', withHeader(['3']), undefined],
    ['whose response has no get()', { response: { headers: {} } }, undefined],
    ['whose response has no headers', { response: {} }, undefined],
    ['without a response', new Error('down'), undefined],
    ['that is none', undefined, undefined],
  ])('%s asks for a wait of %3$j ms', (_, error, waitMs) => {
    expect(retryAfterOf(error)).toBe(waitMs)
  })
})
