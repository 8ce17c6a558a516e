import { type Attributes, type Meter, type MeterProvider, metrics } from '@opentelemetry/api'
import type { RenewalEntry, RequestEntry, TimelineEntry } from './entries.ts'
import { isAboutRequest } from './picture.ts'
import { record, type RecordedManager, type RecordOptions } from './record.ts'

/** Where the metrics go, and the name of the manager. */
export interface MetricOptions extends Pick<RecordOptions, 'clock'> {
  /**
   * The provider that receives the metrics. Default: the global one. Register that before this call, because
   * metrics without a provider are lost.
   */
  meterProvider?: MeterProvider
  /** The attribute `latchkey.manager.name` of every metric, to distinguish several managers. */
  name?: string
}

/**
 * Measures what a manager does, as OpenTelemetry metrics:
 *
 * - `latchkey.renewal.duration`: a histogram in seconds. Its count is the number of renewals.
 * - `latchkey.adoptions`: token sets from elsewhere, which needed no renewal.
 * - `latchkey.wait.duration`: a histogram in seconds. Its count is the number of waits.
 * - `latchkey.replays`: requests sent again with a new token.
 * - `latchkey.request.failures`: requests that were not sent, or not replayed.
 * - `latchkey.store.failures`: failed calls to the store.
 * - `latchkey.session.ends`: sessions that have ended.
 *
 * Attributes name the grant, the outcome and the code. Each has few values, and none contains a token, URL or
 * user.
 *
 * @returns A function that stops this and leaves the manager as it was. Metrics recorded so far are kept.
 *
 * @example
 * const stop = measureManager(manager, { name: 'crm' })
 */
export function measureManager(
  manager: RecordedManager,
  { meterProvider = metrics.getMeterProvider(), name, ...options }: MetricOptions = {},
): () => void {
  const instruments = createInstruments(meterProvider.getMeter('@latchkey/timeline'))
  const about: Attributes = name === undefined ? {} : { 'latchkey.manager.name': name }
  return record(manager, options, (entry) => measure(instruments, entry, about))
}

type Instruments = ReturnType<typeof createInstruments>

/** Bucket limits in seconds: those of `http.client.request.duration`, and 30 for renewals that are tried again. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30]

function createInstruments(meter: Meter) {
  const seconds = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      unit: 's',
      advice: { explicitBucketBoundaries: BUCKETS },
    })
  const count = (name: string, unit: string, description: string) =>
    meter.createCounter(name, { description, unit })
  return {
    renewals: seconds('latchkey.renewal.duration', 'Duration of renewals.'),
    adoptions: count('latchkey.adoptions', '{token_set}', 'Token sets that came from elsewhere.'),
    waits: seconds('latchkey.wait.duration', 'How long requests waited for a token.'),
    replays: count('latchkey.replays', '{request}', 'Requests sent again with a new token.'),
    failures: count(
      'latchkey.request.failures',
      '{request}',
      'Requests that were not sent, or not sent again.',
    ),
    storeFailures: count('latchkey.store.failures', '{call}', 'Failed calls of the store.'),
    ends: count('latchkey.session.ends', '{session}', 'Sessions that are over.'),
  }
}

function measure(instruments: Instruments, entry: TimelineEntry, about: Attributes): void {
  if (isAboutRequest(entry)) return measureRequest(instruments, entry, about)
  if ('renewal' in entry) return measureRenewal(instruments, entry, about)
  if (entry.kind === 'signedOut') {
    return instruments.ends.add(1, { ...about, 'latchkey.reason': entry.reason })
  }
  instruments.storeFailures.add(1, {
    ...about,
    'latchkey.store.operation': entry.operation,
    'error.type': entry.code,
  })
}

function measureRequest(instruments: Instruments, entry: RequestEntry, about: Attributes): void {
  if (entry.kind === 'waiting' || entry.kind === 'answered') return
  const { attempt, waitedMs } = entry
  const isReplay = attempt > 1
  const failed = entry.kind === 'gaveUp' && { 'error.type': entry.code ?? 'refused' }
  if (failed) instruments.failures.add(1, { ...about, ...failed })
  else if (isReplay) instruments.replays.add(1, about)
  if (waitedMs === 0) return
  const resent = isReplay && { 'http.request.resend_count': attempt - 1 }
  instruments.waits.record(waitedMs / 1000, { ...about, ...resent, ...failed })
}

function measureRenewal(instruments: Instruments, entry: RenewalEntry, about: Attributes): void {
  if (entry.kind === 'adopted') return instruments.adoptions.add(1, about)
  const attributes =
    entry.kind === 'renewed'
      ? { 'latchkey.renewal.outcome': entry.kind, 'latchkey.grant': entry.grant }
      : { 'latchkey.renewal.outcome': entry.outcome, 'error.type': entry.code }
  instruments.renewals.record(entry.durationMs / 1000, { ...about, ...attributes })
}
