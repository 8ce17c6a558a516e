/**
 * Reports what a manager does as OpenTelemetry spans and metrics. Peer: @opentelemetry/api >= 1.9.
 *
 * @module
 */
export { measureManager, type MetricOptions } from './metrics.ts'
export { type SpanOptions, traceManager } from './spans.ts'
