import { LatchkeyError } from '@latchkey/core'
import type { Recording, TimelineEntry } from './entries.ts'
import { renderHtml, type HtmlOptions } from './html.ts'
import { type MermaidOptions, renderMermaid } from './mermaid.ts'
import { record, type RecordedManager, type RecordOptions } from './record.ts'
import { renderSvg, type SvgOptions } from './svg.ts'
import { quietly } from './tap.ts'
import { renderText, type TextOptions } from './text.ts'

/** How much is kept, whose it is, and what is written down. */
export interface TimelineOptions extends RecordOptions {
  /** How many entries are kept; older ones go first. 1 to 100,000. Default: 1,000. */
  limit?: number
  /** Says whose timeline it is, where several are shown together: `'tab 2'`. */
  name?: string
}

/** What auth did, and several ways to look at it. */
export interface Timeline {
  /** What is kept, oldest first. */
  readonly entries: readonly TimelineEntry[]
  /** Calls `listener` at each new entry. Returns how to stop. What it throws goes to the console. */
  on(listener: (entry: TimelineEntry) => void): () => void
  /** Forgets what was recorded; goes on recording. */
  clear(): void
  /** Records nothing more, and leaves the manager as it was. What is kept can still be shown. */
  stop(): void
  /** Everything as data; `JSON.stringify(timeline)` is it as text. */
  toJSON(): Recording
  /** A picture in characters, for a terminal. */
  toText(options?: TextOptions): string
  /** A Mermaid sequence diagram, for an issue or a page of documentation. */
  toMermaid(options?: MermaidOptions): string
  /** The picture as an SVG document, light or dark as its reader likes it. */
  toSVG(options?: SvgOptions): string
  /** A page of its own with the picture and a log: no scripts, nothing to load. */
  toHTML(options?: HtmlOptions): string
}

/**
 * Records what a manager does from now on: requests, waits, renewals, replays, sign-outs. No token, query
 * or user's name is in it.
 *
 * It listens to the manager's events and puts itself in front of `authorize` and `recover`, which adapters
 * look up at each call; so it may be made before or after they are attached, several times for one
 * manager, and stopped at any time. What a service asks for itself (`noco.me()`) goes past it; the renewal
 * that may cause does not. A request that nobody answers stays open: adapters tell of answers only.
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
      const own = { tell: listener } // so that one function may listen twice
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
