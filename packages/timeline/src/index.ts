/**
 * Records what a manager does, and draws it.
 *
 * @module
 */
export type {
  AdoptedEntry,
  AnsweredEntry,
  GaveUpEntry,
  Recording,
  RenewalEntry,
  RenewalFailedEntry,
  RenewedEntry,
  RequestEntry,
  SentEntry,
  SignedOutEntry,
  StoreFailedEntry,
  TimelineEntry,
  WaitingEntry,
} from './entries.ts'
export { type HtmlOptions, renderHtml } from './html.ts'
export { type MermaidOptions, renderMermaid } from './mermaid.ts'
export type { PictureOptions } from './picture.ts'
export type { RecordedManager, RecordOptions } from './record.ts'
export { renderSvg, type SvgOptions } from './svg.ts'
export { renderText, type TextOptions } from './text.ts'
export { createTimeline, type Timeline, type TimelineOptions } from './timeline.ts'
