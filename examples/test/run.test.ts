import { createNocoDBDouble, type NocoDBDouble } from '@latchkey/testing'
import { expect, test } from 'vitest'
import { reasonOf } from '../demo/src/load.ts'
import { totals } from '../demo/src/record.ts'
import { runDemo } from '../demo/src/run.ts'
import { createScreen } from '../demo/src/screen.ts'
import { openDouble } from '../demo/src/targets/double.ts'

async function run(double: NocoDBDouble, seconds = 1, signal = new AbortController().signal) {
  const target = await openDouble(double)
  let output = ''
  const screen = createScreen({ write: (text) => void (output += text) }, {})
  try {
    const record = await runDemo(target, { seconds, screen, signal })
    return { record, output }
  } finally {
    await target.close()
  }
}

test('all clients wait for one sign-in, and nothing fails', async () => {
  const double = createNocoDBDouble()
  const { record, output } = await run(double)
  expect(record.failures).toEqual([])
  expect(record.clients.map(({ name }) => name)).toEqual(['axios', 'ky', 'fetch'])
  for (const client of record.clients) {
    expect(client.requests).toBe(20)
    expect(client.waited).toBeGreaterThan(0)
  }
  expect(double.control.counts().signIns).toBe(1)
  expect(output).toContain('✓ the server counted 1 sign-in')
})

test('a request that fails is counted once, with its reason, and is not sent again', async () => {
  const double = createNocoDBDouble()
  double.control.failNext('data', 1, { status: 500 })
  const { record, output } = await run(double)
  expect(totals(record.clients).failed).toBe(1)
  expect(record.failures).toEqual([
    { at: expect.any(Number), client: expect.any(String), reason: expect.stringContaining('500') },
  ])
  expect(output).toMatch(/! 60 requests, 1 failure,[^]+✗ +\d\.\d s +\w+: .*500/)
  expect(double.control.counts()).toMatchObject({ dataRequests: 60, faults: 1 })
})

test('a revoked token is seen by every client, renewed once, and costs no request', async () => {
  const double = createNocoDBDouble()
  const { record } = await run(double, 4)
  expect(record.failures).toEqual([])
  expect(record.revokedAt).toHaveLength(1)
  for (const { replayed } of record.clients) expect(replayed).toBeGreaterThan(0)
  const counts = double.control.counts()
  expect(counts).toMatchObject({ signIns: 1, rejectedRenewals: 0 })
  expect(counts.unauthorized).toBe(totals(record.clients).replayed)
  expect(counts.renewals).toBe(record.tokens.length - 1)
}, 30_000)

test('a stopped run ends at once, and dropped requests do not count as failures', async () => {
  const stop = new AbortController()
  const double = createNocoDBDouble()
  const hold = double.control.hold('data')
  const running = run(double, 3600, stop.signal)
  await hold.whenWaiting(3)
  stop.abort()
  const { record, output } = await running
  expect(record.failures).toEqual([])
  expect(totals(record.clients)).toMatchObject({ requests: 0, inFlight: 0, waiting: 0 })
  expect(output).toContain('✓ 0 requests, 0 failures')
}, 30_000)

test('a failure has Latchkey’s reason', async () => {
  const double = createNocoDBDouble()
  double.control.failNext('data', 1000, { status: 401 })
  const { record, output } = await run(double)
  expect(totals(record.clients).failed).toBe(60)
  expect(output).toMatch(/(axios|ky|fetch): ERR_FRESH_TOKEN_REJECTED: /)
})

test('a failure without Latchkey’s reason has the client’s', () => {
  const nothing = () => undefined
  const refused = new Error('fetch failed', { cause: new Error('refused') })
  expect(reasonOf(refused, nothing)).toBe('fetch failed (refused)')
  expect(reasonOf('odd', nothing)).toBe('odd')
})
