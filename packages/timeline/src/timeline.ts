import { LatchkeyError } from '@latchkey/core'
import type { Recording, TimelineEntry } from './entries.ts'
import { renderHtml, type HtmlOptions } from './html.ts'
import { type MermaidOptions, renderMermaid } from './mermaid.ts'
import { record, type RecordedManager, type RecordOptions } from './record.ts'
import { renderSvg, type SvgOptions } from './svg.ts'
import { quietly } from './tap.ts'
import { renderText, type TextOptions } from './text.ts'

/** How many entries are kept, the name of the timeline, and what is recorded. */
export interface TimelineOptions extends RecordOptions {
  /** How many entries are kept, 1 to 100,000. The oldest are removed first. Default: 1,000. */
  limit?: number
  /** The name of the timeline when several are shown together, such as `'tab 2'`. */
  name?: string
}

/** A record of what a manager did, with several ways to show it. */
export interface Timeline {
  /** The entries that are kept, oldest first. */
  readonly entries: readonly TimelineEntry[]
  /**
   * Calls `listener` at each new entry. Returns a function that stops this. If the listener throws, the console
   * shows it.
   */
  on(listener: (entry: TimelineEntry) => void): () => void
  /** Removes all entries, and continues to record. */
  clear(): void
  /** Stops recording and leaves the manager as it was. The entries are kept and can be shown. */
  stop(): void
  /** Returns the timeline as data. `JSON.stringify(timeline)` returns it as text. */
  toJSON(): Recording
  /** Returns a picture in characters, for a terminal. */
  toText(options?: TextOptions): string
  /** Returns a Mermaid sequence diagram, for an issue or a page of documentation. */
  toMermaid(options?: MermaidOptions): string
  /** Returns the picture as an SVG document, light or dark as the reader prefers. */
  toSVG(options?: SvgOptions): string
  /** Returns a complete page with the picture and a log. It has no scripts and loads nothing. */
  toHTML(options?: HtmlOptions): string
}

/**
 * Records what a manager does from now on: requests, waits, renewals, replays and sign-outs. It never contains a
 * token, a query or a user name.
 *
 * It listens to the manager's events and replaces its `authorize` and `recover`, which adapters look up at each
 * call. So it can be created before or after the adapters, several times for one manager, and stopped at any time.
 * Requests that a service sends itself (`noco.me()`) are not recorded, but a renewal that they cause is. A request
 * without an answer stays open, because adapters report answers only.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`.
 *
 * @example
 * const timeline = createTimeline(manager)
 * // … requests …
 * console.log(timeline.toText({ width: process.stdout.columns, color: true }))
 */
export function createTimeline(manager: RecordedManager, options: TimelineOptions = {}): Timeline {
  const { limit = 1000, name, clock = Date } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000) {
    throw new LatchkeyError(
      'ERR_INVALID_OPTION',
      `\`limit\` must be a whole number from 1 to 100000, got ${limit}.`,
    )
  }
  const entries: TimelineEntry[] = []
  const listeners = new Set<{ tell: (entry: TimelineEntry) => void }>()
  let dropped = 0
  const stop = record(manager, options, (entry) => {
    entries.push(entry)
    if (entries.length > limit) {
      entries.shift()
      dropped += 1
    }
    for (const { tell } of listeners) quietly(() => tell(entry))
  })
  const toJSON = (): Recording => ({
    version: 1,
    ...(name !== undefined && { name }),
    until: clock.now(),
    dropped,
    entries: [...entries],
  })
  return {
    get entries() {
      return [...entries]
    },
    on(listener) {
      const own = { tell: listener } // so that one function may be added twice
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    clear() {
      dropped += entries.length
      entries.length = 0
    },
    stop,
    toJSON,
    toText: (how) => renderText([toJSON()], how),
    toMermaid: (how) => renderMermaid([toJSON()], how),
    toSVG: (how) => renderSvg([toJSON()], how),
    toHTML: (how) => renderHtml([toJSON()], how),
  }
}
