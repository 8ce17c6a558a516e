import { apiToken, bearer, createTokenManager, type TokenManager } from '@latchkey/core'
import { nocodb } from '@latchkey/nocodb'
import { metrics, trace } from '@opentelemetry/api'
import { expectTypeOf, test } from 'vitest'
import { type DiagnosticsMessage, publishDiagnostics } from '../src/diagnostics.ts'
import {
  createTimeline,
  type RecordedManager,
  type Recording,
  renderHtml,
  renderMermaid,
  renderSvg,
  renderText,
  type Timeline,
  type TimelineEntry,
} from '../src/index.ts'
import { measureManager, traceManager } from '../src/opentelemetry.ts'

const origin = 'https://api.test'
const manager = createTokenManager({ origin, scheme: bearer(), grants: [apiToken('x')] })

test('a manager or a service can be recorded, measured and traced', () => {
  expectTypeOf<TokenManager>().toExtend<RecordedManager>()
  expectTypeOf(createTimeline(manager)).toEqualTypeOf<Timeline>()
  createTimeline(nocodb({ baseUrl: origin }), { limit: 100, name: 'tab 2', clock: Date })
  expectTypeOf(publishDiagnostics(manager, { name: 'crm' })).toEqualTypeOf<() => void>()
  const tracerProvider = trace.getTracerProvider()
  expectTypeOf(traceManager(manager, { tracerProvider })).toEqualTypeOf<() => void>()
  const meterProvider = metrics.getMeterProvider()
  const measured = measureManager(manager, { meterProvider, name: 'crm' })
  expectTypeOf(measured).toEqualTypeOf<() => void>()
})

test('an entry has the properties of its kind', () => {
  const show = (entry: TimelineEntry): string => {
    if (entry.kind === 'answered') return `${entry.method} ${entry.url}: ${entry.status}`
    if (entry.kind === 'signedOut') return entry.reason
    // @ts-expect-error only an answer has one
    return entry.status
  }
  createTimeline(manager).on((entry) => expectTypeOf(show(entry)).toBeString())
  expectTypeOf<DiagnosticsMessage['entry']>().toEqualTypeOf<TimelineEntry>()
})

test('one recording can be rendered, or several together', () => {
  const timeline = createTimeline(manager)
  expectTypeOf(timeline.toText({ width: 80, color: true })).toBeString()
  const recordings: Recording[] = [timeline.toJSON()]
  for (const render of [renderHtml, renderMermaid, renderSvg, renderText]) {
    expectTypeOf(render(recordings)).toBeString()
  }
})

test('misuse does not compile', () => {
  // @ts-expect-error nothing to watch
  createTimeline()
  // @ts-expect-error misspelt
  createTimeline(manager, { max: 100 })
  // @ts-expect-error what was recorded stays as it was
  createTimeline(manager).entries.pop()
  // @ts-expect-error several recordings are a list
  renderText(createTimeline(manager).toJSON())
})
