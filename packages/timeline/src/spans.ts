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

/** Where the spans go, and what is written down. */
export interface SpanOptions extends RecordOptions {
  /** Who makes the spans. Default: the provider registered globally. */
  tracerProvider?: TracerProvider
}

/** What one manager's spans need of each other. */
interface Tracing {
  tracer: Tracer
  /** The spans of requests that wait, by their number. */
  waiting: Map<number, Span>
  /** The newest renewal, for those who waited for it. */
  renewed: { renewal: number; context: SpanContext } | undefined
}

/**
 * Makes OpenTelemetry spans of what a manager does: `latchkey.renewal`, a root span, since a renewal is
 * everybody's; `latchkey.wait`, within the caller's own span, for each request that waits for a token,
 * linked to the renewal it waited for; and, without a duration, `latchkey.signed_out` and
 * `latchkey.store_failed`. The requests themselves have spans from the instrumentation of their client.
 *
 * Attributes follow the semantic conventions of HTTP (`http.request.method`, `url.full` without its query,
 * `http.request.resend_count`, `error.type`), the rest is `latchkey.*`. No token is in them.
 *
 * @returns Stops it, and leaves the manager as it was. Spans still open are ended.
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
  // Neither takes any time, and neither is one caller's.
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
  // A server may refuse a token with a 200, and what that was is known when the wait is over.
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

/** Recorded while the caller's own call goes on: the active context is the caller's. */
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
