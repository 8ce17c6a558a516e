import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { traceManager } from '../src/opentelemetry.ts'
import { failure, ORIGIN, scene } from './support/scene.ts'

beforeAll(
  () => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()),
)
afterAll(() => context.disable())

/** A traced manager, and the spans that the real SDK exports for it. */
function traced(options: Parameters<typeof scene>[0] = {}) {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  })
  const made = scene(options)
  made.timeline.stop()
  const { manager, clock } = made
  const stop = traceManager(manager, { tracerProvider, clock })
  const named = (name: string) => exporter.getFinishedSpans().filter((span) => span.name === name)
  return { ...made, exporter, tracerProvider, stop, named }
}

const msOf = ([seconds, nanos]: ReadableSpan['duration']) => seconds * 1000 + nanos / 1e6

test('a wait is a span within the caller’s own, linked to the renewal that all requests share', async () => {
  const { clock, scripted, ask, named, tracerProvider } = traced()
  const caller = tracerProvider.getTracer('app').startSpan('caller')
  const asked = context.with(trace.setSpan(context.active(), caller), () => [
    ask('/items?page=2'),
    ask('/me', 'POST'),
  ])
  await scripted.asked()
  clock.pass(250)
  scripted.settle({ accessToken: 'CANARY-7f3a', refreshToken: 'CANARY-7f3a' })
  await Promise.all(asked)
  const [renewal] = named('latchkey.renewal')
  expect(renewal!.parentSpanContext).toBeUndefined()
  expect(renewal!.attributes).toEqual({
    'latchkey.renewal.outcome': 'renewed',
    'latchkey.generation': 1,
    'latchkey.grant': 'refresh token',
  })
  const waits = named('latchkey.wait')
  expect(waits.map(({ attributes }) => attributes)).toEqual([
    { 'http.request.method': 'GET', 'url.full': `${ORIGIN}/items`, 'latchkey.generation': 1 },
    { 'http.request.method': 'POST', 'url.full': `${ORIGIN}/me`, 'latchkey.generation': 1 },
  ])
  for (const { parentSpanContext, links, duration } of waits) {
    expect(parentSpanContext?.spanId).toBe(caller.spanContext().spanId)
    expect(links.map((link) => link.context.spanId)).toEqual([renewal!.spanContext().spanId])
    expect(msOf(duration)).toBe(250)
  }
  expect(msOf(renewal!.duration)).toBe(250)
})

test('a replay is a wait that says how often the request was sent again', async () => {
  const { scripted, ask, respond, named, exporter } = traced()
  scripted.answerTokens()
  const authorization = await ask()
  exporter.reset()
  await respond(authorization, 401)
  expect(named('latchkey.wait').map(({ attributes }) => attributes)).toMatchObject([
    { 'http.request.resend_count': 1, 'latchkey.generation': 2 },
  ])
})

test('a renewal that fails is an error with its code, and so is the wait for it', async () => {
  const { scripted, ask, named } = traced()
  scripted.answer(() => new Error('CANARY-7f3a'))
  await failure(ask())
  const spans = [...named('latchkey.renewal'), ...named('latchkey.wait')]
  expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual([
    'ERR_RENEWAL_UNAVAILABLE',
    'ERR_RENEWAL_UNAVAILABLE',
  ])
  for (const { status, events } of spans) {
    expect(status).toEqual({ code: SpanStatusCode.ERROR })
    expect(events).toEqual([])
  }
})

test('a sign-out and a failing store are spans without a duration', async () => {
  const { manager, scripted, ask, named } = traced({
    store: {
      getToken: () => undefined,
      setToken: () => Promise.reject(new Error('CANARY-7f3a')),
      removeToken: () => undefined,
    },
  })
  scripted.answerTokens()
  await ask()
  await manager.signOut()
  const [out, failed] = [...named('latchkey.signed_out'), ...named('latchkey.store_failed')]
  expect(out!.attributes).toEqual({ 'latchkey.reason': 'signOut' })
  expect(failed!.attributes).toEqual({
    'latchkey.store.operation': 'set',
    'error.type': 'ERR_STORE_FAILED',
  })
  expect([out!, failed!].map(({ duration }) => msOf(duration))).toEqual([0, 0])
})

test('no attribute holds a secret', async () => {
  const { scripted, ask, respond, exporter } = traced()
  scripted.answer((call) => ({ accessToken: `CANARY-7f3a-${call}`, refreshToken: 'CANARY-7f3a' }))
  const again = await respond(await ask('/items?token=CANARY-7f3a'), 401)
  await respond(again!, 401)
  const spans = exporter.getFinishedSpans()
  expect(spans.length).toBeGreaterThan(2)
  const shown = spans.map(({ name, attributes, status, links }) => ({
    name,
    attributes,
    status,
    links,
  }))
  expect(JSON.stringify(shown)).not.toContain('CANARY')
})

test('stopping ends open spans and leaves the manager as it was', async () => {
  const { manager, scripted, ask, named, stop } = traced()
  const asked = ask()
  await scripted.asked()
  stop()
  expect(named('latchkey.wait')).toHaveLength(1)
  expect(Reflect.ownKeys(manager).filter((key) => typeof key === 'symbol')).toEqual([])
  manager.dispose()
  await failure(asked)
  expect(named('latchkey.wait')).toHaveLength(1)
})
