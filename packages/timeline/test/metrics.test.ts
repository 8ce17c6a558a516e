import { readFileSync } from 'node:fs'
import { GrantRejectedError } from '@latchkey/core'
import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricDescriptor,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { measureManager, type MetricOptions } from '../src/opentelemetry.ts'
import { failure, scene } from './support/scene.ts'

afterEach(() => metrics.disable())

/** The real SDK, and what it exports. */
function sdk() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  onTestFinished(() => meterProvider.shutdown())
  async function exported() {
    exporter.reset()
    await meterProvider.forceFlush()
    return exporter.getMetrics().at(-1)
  }
  return {
    meterProvider,
    exported,
    /** Each data point of a metric as its attributes, and how often or how much. */
    async points(name: string) {
      const all = (await exported())?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
      const metric = all.find(({ descriptor }) => descriptor.name === name)
      return (metric?.dataPoints ?? []).map(({ attributes, value }) => [attributes, told(value)])
    },
  }
}

const told = (value: DataPoint<number | Histogram | ExponentialHistogram>['value']) =>
  typeof value === 'number' ? value : { count: value.count, sum: value.sum }

/** A measured manager, and its numbers. */
function measured(options: Parameters<typeof scene>[0] = {}, more: MetricOptions = {}) {
  const made = scene(options)
  made.timeline.stop()
  const { manager, clock } = made
  const { meterProvider, points, exported } = sdk()
  const stop = measureManager(manager, { meterProvider, clock, ...more })
  return { ...made, meterProvider, points, exported, stop }
}

const brokenStore = (code?: string) => ({
  getToken: () => undefined,
  setToken: () => Promise.reject(Object.assign(new Error('CANARY-7f3a'), code && { code })),
  removeToken: () => undefined,
})

test('one renewal for two requests is one renewal and two waits', async () => {
  const { clock, scripted, ask, points } = measured()
  const asked = [ask('/items'), ask('/me')]
  await scripted.asked()
  clock.pass(250)
  scripted.settle({ accessToken: 'CANARY-7f3a', refreshToken: 'CANARY-7f3a' })
  await Promise.all(asked)
  expect(await points('latchkey.renewal.duration')).toEqual([
    [
      { 'latchkey.renewal.outcome': 'renewed', 'latchkey.grant': 'refresh token' },
      { count: 1, sum: 0.25 },
    ],
  ])
  expect(await points('latchkey.wait.duration')).toEqual([[{}, { count: 2, sum: 0.5 }]])
  expect(await points('latchkey.request.failures')).toEqual([])
})

test('a replay is counted, and its wait is distinguished from others', async () => {
  const { clock, scripted, ask, respond, points } = measured()
  scripted.answerTokens()
  const sent = await ask()
  scripted.answer(() => {
    clock.pass(80)
    return { accessToken: 'a2', refreshToken: 'r2' }
  })
  const again = await respond(sent, 401)
  await respond(again!, 200)
  expect(await points('latchkey.replays')).toEqual([[{}, 1]])
  expect(await points('latchkey.wait.duration')).toEqual([
    [{ 'http.request.resend_count': 1 }, { count: 1, sum: 0.08 }],
  ])
})

test('a renewal that fails has its outcome and code, and so has each request that it fails', async () => {
  const { clock, scripted, ask, points } = measured()
  const asked = [failure(ask()), failure(ask())]
  await scripted.asked()
  clock.pass(500)
  scripted.settle(new GrantRejectedError('CANARY-7f3a'))
  await Promise.all(asked)
  const code = { 'error.type': 'ERR_SIGN_IN_REQUIRED' }
  expect(await points('latchkey.renewal.duration')).toEqual([
    [
      { 'latchkey.renewal.outcome': 'rejected', ...code },
      { count: 1, sum: 0.5 },
    ],
  ])
  expect(await points('latchkey.request.failures')).toEqual([[code, 2]])
  expect(await points('latchkey.wait.duration')).toEqual([[code, { count: 2, sum: 1 }]])
})

test('a failed renewal that no request waited for has a duration too', async () => {
  const { manager, clock, scripted, points } = measured()
  const renewing = new Promise((resolve) => manager.on('renewing', resolve))
  const refreshed = failure(manager.refresh())
  await Promise.all([renewing, scripted.asked()])
  clock.pass(300)
  scripted.settle(new GrantRejectedError('no'))
  await refreshed
  expect(await points('latchkey.renewal.duration')).toMatchObject([[{}, { count: 1, sum: 0.3 }]])
})

test('a token set from elsewhere is an adoption, not a renewal', async () => {
  const { manager, ask, points } = measured()
  await manager.setTokens({ accessToken: 'a1' })
  await ask()
  await manager.setTokens({ accessToken: 'a2' })
  await ask()
  expect(await points('latchkey.adoptions')).toEqual([[{}, 1]])
  expect(await points('latchkey.renewal.duration')).toEqual([])
})

test('a failing store is counted by operation, and the end of a session by reason', async () => {
  const { manager, scripted, ask, points } = measured({ store: brokenStore('ENOSPC') })
  scripted.answerTokens()
  await ask()
  await manager.signOut()
  expect(await points('latchkey.store.failures')).toEqual([
    [{ 'latchkey.store.operation': 'set', 'error.type': 'ENOSPC' }, 1],
  ])
  expect(await points('latchkey.session.ends')).toEqual([[{ 'latchkey.reason': 'signOut' }, 1]])
})

test('managers are distinguished by their names', async () => {
  const { meterProvider, scripted, ask, points } = measured({}, { name: 'crm' })
  const other = scene()
  measureManager(other.manager, { meterProvider, name: 'shop' })
  for (const { answerTokens } of [scripted, other.scripted]) answerTokens()
  await Promise.all([ask(), other.ask()])
  const names = (await points('latchkey.renewal.duration')).map(([attributes]) => attributes)
  expect(names).toMatchObject([
    { 'latchkey.manager.name': 'crm' },
    { 'latchkey.manager.name': 'shop' },
  ])
})

test('no attribute holds a secret, a path or a query', async () => {
  const { manager, scripted, ask, respond, exported } = measured({
    store: brokenStore('CANARY-7f3a'),
  })
  scripted.answer((call) => ({ accessToken: `CANARY-7f3a-${call}`, refreshToken: 'CANARY-7f3a' }))
  const again = await respond(await ask('/invitations/CANARY-7f3a?token=CANARY-7f3a'), 401)
  await respond(again!, 401)
  await manager.signOut()
  const text = JSON.stringify(await exported())
  expect(text).toContain('latchkey.session.ends')
  expect(text).not.toMatch(/CANARY|invitations/)
})

test('the provider registered globally is the default', async () => {
  const { meterProvider, points } = sdk()
  metrics.setGlobalMeterProvider(meterProvider)
  const { manager, scripted, ask } = scene()
  measureManager(manager)
  scripted.answerTokens()
  await ask()
  expect(await points('latchkey.renewal.duration')).toHaveLength(1)
})

test('stopping leaves the manager as it was, and keeps the numbers', async () => {
  const { manager, scripted, ask, points, stop } = measured()
  scripted.answerTokens()
  await ask()
  stop()
  await manager.refresh()
  expect(await points('latchkey.renewal.duration')).toMatchObject([[{}, { count: 1 }]])
  expect(Reflect.ownKeys(manager).filter((key) => typeof key === 'symbol')).toEqual([])
})

/** As OpenTelemetry's specification of the Prometheus format names it: unit and kind at the end. */
function prometheusName({ name, unit }: MetricDescriptor, type: DataPointType): string {
  const bare = name.replaceAll('.', '_')
  if (type !== DataPointType.HISTOGRAM) return `${bare}_total`
  expect(unit).toBe('s')
  return `${bare}_seconds`
}

test('the guide lists every metric, and what Prometheus and Grafana call it', async () => {
  const { manager, clock, scripted, ask, respond, exported } = measured({ store: brokenStore() })
  scripted.answer(() => {
    clock.pass(10)
    return { accessToken: 'a', refreshToken: 'r' }
  })
  await respond(await ask(), 401)
  await manager.setTokens({ accessToken: 'b' })
  await ask()
  await manager.signOut()
  await failure(ask())
  const all = (await exported())!.scopeMetrics.flatMap((scope) => scope.metrics)
  const rows = all.map(
    ({ descriptor, dataPointType }) =>
      `| \`${descriptor.name}\` | \`${prometheusName(descriptor, dataPointType)}\` |`,
  )
  const guide = readFileSync(new URL('../../../docs/timeline.md', import.meta.url), 'utf8')
  const listed = guide.match(/^\| `latchkey[\w.]+` \| `latchkey_\w+` \|/gm) ?? []
  expect(rows).toHaveLength(7)
  expect(listed.toSorted()).toEqual(rows.toSorted())
})
