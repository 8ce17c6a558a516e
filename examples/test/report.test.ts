import { describe, expect, test } from 'vitest'
import { duration, plural } from '../demo/src/format.ts'
import type { RunRecord } from '../demo/src/record.ts'
import { renderLive, renderReport } from '../demo/src/report.ts'
import { clientWith, noColors, recordAt, token } from './support/record.ts'

/** Two renewals after a sign-in, 30 requests, one of them replayed. */
function goodRun(): RunRecord {
  const record = recordAt(10_000)
  clientWith(record, 'axios', { requests: 10, waited: 2, replayed: 1, longestWaitMs: 123.4 })
  clientWith(record, 'ky', { requests: 10 })
  clientWith(record, 'fetch', { requests: 10 })
  record.renewals.push(
    { kind: 'sign-in', from: 0, to: 100, outcome: 'renewed' },
    { kind: 'renewal', from: 2000, to: 2100, outcome: 'renewed' },
    { kind: 'renewal', from: 4000, to: 4100, outcome: 'renewed' },
  )
  record.tokens.push(token(1, 100), token(2, 2100), token(3, 4100))
  return record
}

const report = (record: RunRecord, server?: Parameters<typeof renderReport>[1]['server']) =>
  renderReport(record, { width: 80, colors: noColors, server }).join('\n')

describe('the summary', () => {
  test('says what the run comes to', () => {
    const text = report(goodRun())
    expect(text).toContain('✓ 30 requests, 0 failures, 1 replay, longest wait 123 ms')
    expect(text).toContain(
      '✓ 1 sign-in and 2 renewals for 3 token lifetimes, shared by all 3 clients',
    )
    expect(text).toMatch(/all +30 +2 +1 +0 +123 ms/)
  })

  test('compares with what the server counted', () => {
    const counts = { requests: 34, signIns: 1, renewals: 2, unauthorized: 1 }
    const line = 'the server counted 1 sign-in, 2 renewals, 31 requests, 1 answered 401'
    expect(report(goodRun(), counts)).toContain(`✓ ${line}`)
    const missed = { ...counts, requests: 35 }
    expect(report(goodRun(), missed)).toContain('! the server counted')
  })

  test('a second sign-in is not a success', () => {
    const record = goodRun()
    record.renewals.push({ kind: 'sign-in', from: 5000, to: 5100, outcome: 'renewed' })
    expect(report(record)).toContain('! 2 sign-ins and 2 renewals')
  })

  test('with an API token there is nothing to renew', () => {
    const record = goodRun()
    record.renewals.length = 0
    expect(report(record)).toContain('an API token: no sign-in')
  })

  test('lists the first failures, with their reasons', () => {
    const record = goodRun()
    for (let at = 0; at < 7; at += 1) {
      record.failures.push({ at, client: 'ky', reason: `reason ${at}` })
    }
    clientWith(record, 'more', { requests: 7, failed: 7 })
    const text = report(record)
    expect(text).toContain('! 37 requests, 7 failures')
    expect(text).toContain('ky: reason 4')
    expect(text).not.toContain('reason 5')
    expect(text).toContain('and 2 more')
  })
})

describe('the live picture', () => {
  test.each([20, 24, 50])(
    'never has more than %i lines, and none is wider than the screen',
    (height) => {
      const record = goodRun()
      for (let at = 0; at < 60; at += 1) {
        record.notes.push({ at, kind: 'trouble', text: `note ${at} ${'long '.repeat(40)}` })
      }
      const lines = renderLive(record, { width: 80, height }, noColors)
      expect(lines).toHaveLength(height)
      expect(lines.at(-1)).toContain('note 59')
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(80)
    },
  )
})

test.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.6, '1 s'],
  [2940, '2.9 s'],
  [3000, '3 s'],
  [600_000, '10 min'],
  [36_000_000, '10 h'],
  [7_776_000_000, '90 days'],
])('%d ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test('a count of one is singular', () => {
  expect([0, 1, 2].map((count) => plural(count, 'replay'))).toEqual([
    '0 replays',
    '1 replay',
    '2 replays',
  ])
})
