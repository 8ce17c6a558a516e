import {
  type Attributes,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import type { RenewalEntry, RequestEntry, TimelineEntry } from './entries.ts'
import { isAboutRequest } from './picture.ts'
import { record, type RecordedManager, type RecordOptions } from './record.ts'

/** Where the spans go, and what is recorded. */
export interface SpanOptions extends RecordOptions {
  /** The provider that creates the spans. Default: the global one. */
  tracerProvider?: TracerProvider
}

/** What the spans of one manager share. */
interface Tracing {
  tracer: Tracer
  /** The spans of waiting requests, by their number. */
  waiting: Map<number, Span>
  /** The newest renewal, to link the requests that waited for it. */
  renewed: { renewal: number; context: SpanContext } | undefined
}

/**
 * Creates OpenTelemetry spans for what a manager does:
 *
 * - `latchkey.renewal`: a root span, because all requests share a renewal.
 * - `latchkey.wait`: for each request that waits for a token, within the caller's span, linked to the renewal.
 * - `latchkey.signed_out` and `latchkey.store_failed`: without a duration.
 *
 * The instrumentation of the HTTP client creates the spans of the requests themselves.
 *
 * Attributes follow the semantic conventions of HTTP (`http.request.method`, `url.full` without its query,
 * `http.request.resend_count`, `error.type`). All others are `latchkey.*`. They never contain a token.
 *
 * @returns A function that stops this, ends open spans, and leaves the manager as it was.
 *
 * @example
 * const stop = traceManager(manager)
 */
export function traceManager(
  manager: RecordedManager,
  { tracerProvider = trace.getTracerProvider(), ...options }: SpanOptions = {},
): () => void {
  const tracer = tracerProvider.getTracer('@latchkey/timeline')
  const tracing: Tracing = { tracer, waiting: new Map(), renewed: undefined }
  const stop = record(manager, options, (entry) => trackEntry(tracing, entry))
  return () => {
    stop()
    for (const span of tracing.waiting.values()) span.end()
    tracing.waiting.clear()
  }
}

function trackEntry(tracing: Tracing, entry: TimelineEntry): void {
  if (isAboutRequest(entry)) return trackWait(tracing, entry)
  if ('renewal' in entry) return trackRenewal(tracing, entry)
  // Both have no duration, and belong to no single caller.
  const { at } = entry
  if (entry.kind === 'signedOut') {
    const attributes = { 'latchkey.reason': entry.reason }
    const options = { startTime: at, root: true, attributes }
    return tracing.tracer.startSpan('latchkey.signed_out', options).end(at)
  }
  const attributes = { 'latchkey.store.operation': entry.operation }
  const options = { startTime: at, root: true, attributes }
  const span = tracing.tracer.startSpan('latchkey.store_failed', options)
  fail(span, entry.code)
  span.end(at)
}

function trackWait(tracing: Tracing, entry: RequestEntry): void {
  const { waiting, renewed } = tracing
  const { request, at } = entry
  if (entry.kind === 'answered') return
  if (entry.kind === 'waiting') {
    waiting.set(request, startWait(tracing, entry, at))
    return
  }
  // A server may reject a token with a 200. That is known only when the wait has ended.
  const late = () => startWait(tracing, entry, at - entry.waitedMs)
  const span = waiting.get(request) ?? (entry.waitedMs > 0 ? late() : undefined)
  waiting.delete(request)
  if (!span) return
  if (entry.renewal !== undefined && entry.renewal === renewed?.renewal) {
    span.addLink({ context: renewed.context })
  }
  if (entry.kind === 'sent') span.setAttribute('latchkey.generation', entry.generation)
  else fail(span, entry.code)
  span.end(at)
}

/** Starts a span while the caller's own call runs, so that the active context is the caller's. */
function startWait({ tracer }: Tracing, entry: RequestEntry, startTime: number): Span {
  const { method, url, attempt } = entry
  const attributes = {
    'http.request.method': method,
    'url.full': url,
    ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
  }
  return tracer.startSpan('latchkey.wait', { startTime, attributes })
}

function trackRenewal(tracing: Tracing, entry: RenewalEntry): void {
  const { at, renewal } = entry
  const durationMs = entry.kind === 'adopted' ? 0 : entry.durationMs
  const attributes: Attributes = { 'latchkey.renewal.outcome': outcomeOf(entry) }
  if (entry.kind !== 'renewalFailed') attributes['latchkey.generation'] = entry.generation
  if (entry.kind === 'renewed') attributes['latchkey.grant'] = entry.grant
  const startTime = at - durationMs
  const span = tracing.tracer.startSpan('latchkey.renewal', { startTime, root: true, attributes })
  if (entry.kind === 'renewalFailed') fail(span, entry.code)
  span.end(at)
  tracing.renewed = { renewal, context: span.spanContext() }
}

function outcomeOf(entry: RenewalEntry): string {
  return entry.kind === 'renewalFailed' ? entry.outcome : entry.kind
}

function fail(span: Span, code = 'refused'): void {
  span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
