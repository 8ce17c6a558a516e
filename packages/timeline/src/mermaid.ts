import type { Recording, RequestEntry, TimelineEntry } from './entries.ts'
import { isAboutRequest, plain } from './picture.ts'
import { duration, markText, outcomeOf } from './wording.ts'

/** Options of a Mermaid diagram. */
export interface MermaidOptions {
  /**
   * How many entries to show, the newest ones. Long diagrams are hard to read, and renderers refuse them. Default:
   * 100.
   */
  limit?: number
}

/** Renders recordings as one Mermaid sequence diagram: the callers, Latchkey, and the server. */
export function renderMermaid(
  recordings: readonly Recording[],
  { limit = 100 }: MermaidOptions = {},
): string {
  const shown = recordings
    .flatMap(({ entries }, who) => entries.map((entry) => ({ who, entry })))
    .toSorted((one, other) => one.entry.at - other.entry.at)
    .slice(-limit)
  const lastOf = new Map(shown.map(({ who, entry }) => [requestKey(who, entry), entry]))
  const asked = new Set<string>()
  const lines = shown.flatMap(({ who, entry }) => {
    if (!isAboutRequest(entry)) return [noteOf(entry, who)]
    const key = requestKey(who, entry)
    const asks = asked.has(key) || entry.attempt > 1 ? [] : [askOf(entry, who)]
    asked.add(key)
    return [...asks, stepOf(entry, who, lastOf.get(key) === entry)]
  })
  const participants = recordings.flatMap(({ name = 'app' }, who) => [
    `participant C${who} as ${words(name)}`,
    `participant L${who} as Latchkey`,
  ])
  const body = [...participants, 'participant S as server', ...lines]
  return ['sequenceDiagram', ...body.map((line) => `  ${line}`), ''].join('\n')
}

/** Escapes text for Mermaid, which gives some characters a meaning. */
function words(text: string): string {
  return plain(text).replaceAll(/[^\p{L}\p{N} ./()_,×-]/gu, (sign) => `#${sign.codePointAt(0)};`)
}

const requestKey = (who: number, entry: TimelineEntry) =>
  isAboutRequest(entry) ? `${who} ${entry.request}` : ''

function noteOf(entry: Exclude<TimelineEntry, RequestEntry>, who: number): string {
  const isMark = entry.kind === 'signedOut' || entry.kind === 'storeFailed'
  return `Note over L${who}: ${words(isMark ? markText(entry) : outcomeOf(entry))}`
}

function askOf({ request, method, url }: RequestEntry, who: number): string {
  return `C${who}->>L${who}: ${words(`${request}. ${method} ${pathOf(url) || '/'}`)}`
}

const pathOf = (url: string) => url.replace(/^[a-z]+:\/\/[^/]*/i, '')

/** Draws the last answer of a request as the caller's. Latchkey keeps any earlier answer. */
function stepOf(entry: RequestEntry, who: number, isLast: boolean): string {
  const { request, attempt } = entry
  switch (entry.kind) {
    case 'waiting':
      return `Note right of L${who}: ${request} waits`
    case 'sent': {
      const waited = entry.waitedMs > 0 ? ` after ${duration(entry.waitedMs)}` : ''
      const again = attempt > 1 ? ' again' : ''
      return `L${who}->>S: ${request}.${again} token ${entry.generation}${waited}`
    }
    case 'answered':
      return `S-->>${isLast ? 'C' : 'L'}${who}: ${request}. ${entry.status}`
    case 'gaveUp':
      return `L${who}--xC${who}: ${words(`${request}. ${entry.code ?? 'refused'}`)}`
  }
}
