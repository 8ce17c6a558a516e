import { expect, test } from 'vitest'
import { renderLegend, renderTimeline } from '../demo/src/timeline.ts'
import { clientWith, noColors, recordAt, token } from './support/record.ts'

const WIDTH = 60

/** Fifty columns for five seconds: each is a tenth of one. */
function picture(record: ReturnType<typeof recordAt>): Record<string, string> {
  const lines = renderTimeline(record, WIDTH, noColors)
  const names = ['axis', ...record.clients.map(({ name }) => name), 'session', 'odd', 'even']
  return Object.fromEntries(names.map((name, at) => [name, (lines[at] ?? '').slice(10)]))
}

test('time goes from left to right, a label at each second', () => {
  const { axis } = picture(recordAt(0, 5000))
  expect(axis).toBe('0 s───────1─────────2─────────3─────────4─────────')
})

test('a long run has fewer labels, and none of them runs over the edge', () => {
  const { axis = '' } = picture(recordAt(0, 3_600_000))
  expect(axis).toHaveLength(50)
  expect(axis.match(/\d+/g)).toEqual(['0', '600', '1200', '1800', '2400', '3000'])
})

test('a row shows requests, waits above them, and replays and failures above both', () => {
  const record = recordAt(5000, 5000)
  clientWith(record, 'ky', {
    sent: [
      { from: 0, to: 950 },
      { from: 1200, to: 1250 },
    ],
    waits: [{ from: 300, to: 550 }],
    replays: [550],
    failedAt: [1250],
  })
  expect(picture(record)['ky']).toBe('···▒▒↻····  ✗')
})

test('unfinished requests reach to the current instant, and the future is blank', () => {
  const record = recordAt(1000, 5000)
  clientWith(record, 'ky', {
    sent: [{ from: 0, to: undefined }],
    waits: [{ from: 800, to: undefined }],
  })
  record.renewals.push({ kind: 'renewal', from: 900, to: undefined, outcome: 'under way' })
  expect(picture(record)).toMatchObject({ ky: '········▒▒▒', session: '         ──' })
})

test('the session shows how long a sign-in and a renewal took, and a failed one', () => {
  const record = recordAt(5000, 5000)
  record.renewals.push(
    { kind: 'sign-in', from: 0, to: 200, outcome: 'renewed' },
    { kind: 'renewal', from: 600, to: 700, outcome: 'renewed' },
    { kind: 'renewal', from: 1000, to: 1100, outcome: 'failed' },
  )
  record.revokedAt.push(1500)
  expect(picture(record)['session']).toBe('──◆   ─▲  ─✗   !')
})

test('a token has a thin line after the next one is in use', () => {
  const record = recordAt(4900, 5000)
  record.tokens.push(token(1, 0, { usedUntil: 2500 }), token(2, 2500))
  const { odd, even } = picture(record)
  expect(odd).toBe(`1${'━'.repeat(25)}${'╌'.repeat(5)}`)
  expect(even).toBe(`${' '.repeat(25)}2${'━'.repeat(24)}`)
})

test('the line of a token ends when it is revoked', () => {
  const record = recordAt(2000, 5000)
  record.tokens.push(token(1, 0, { usedUntil: 1000, revoked: true }))
  expect(picture(record)['odd']).toBe('1━━━━━━━━━!')
})

test('a token that never expires is one line up to now', () => {
  const record = recordAt(1000, 5000)
  record.tokens.push(token(1, 0, { expiresAt: undefined }))
  expect(picture(record)['odd']).toBe('1━━━━━━━━━━')
})

test('a run that was stopped early fills the width', () => {
  const record = recordAt(9000)
  record.endedAt = 5000
  clientWith(record, 'ky', { sent: [{ from: 0, to: 4999 }] })
  expect(picture(record)['ky']).toBe('·'.repeat(50))
})

test.each([78, 80, 120])('in %i columns no line is longer', (width) => {
  const record = recordAt(100_000, 100_000)
  for (const name of ['axios', 'ky', 'fetch']) {
    clientWith(record, name, { sent: [{ from: 0, to: 100_000 }], failedAt: [100_000] })
  }
  record.tokens.push(token(1, 0), token(1234, 99_999))
  record.revokedAt.push(1)
  const lines = [...renderTimeline(record, width, noColors), ...renderLegend(record, noColors)]
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
})

test('the legend explains a revocation after there was one', () => {
  const record = recordAt(0)
  expect(renderLegend(record, noColors).join('\n')).not.toContain('revoked')
  record.revokedAt.push(1)
  expect(renderLegend(record, noColors).join('\n')).toContain('! revoked')
})
