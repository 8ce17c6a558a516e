import type { Recording, RenewalEntry, RequestEntry, TimelineEntry } from './entries.ts'

/** A part of one request's life. */
export interface Piece {
  kind: 'wait' | 'flight'
  from: number
  /** When it ended. `undefined`: it has not ended, or the end was not reported. */
  to: number | undefined
  attempt: number
  status?: number
}

export interface RequestSpan {
  request: number
  pieces: Piece[]
  /** When it was replayed; when it was given up, and the code. */
  againAt?: number
  gaveUp?: { at: number; code: string | undefined }
}

/** All requests to one address. */
export interface Lane {
  label: string
  requests: RequestSpan[]
}

/** A renewal and the requests that waited for it. */
export interface Renewal {
  entry: RenewalEntry
  from: number
  waited: number
  longestWaitMs: number
}

export interface Session {
  name: string | undefined
  lanes: Lane[]
  renewals: Renewal[]
  marks: Extract<TimelineEntry, { kind: 'signedOut' | 'storeFailed' }>[]
  dropped: number
}

/** Everything in the drawing, on one time axis. */
export interface Picture {
  from: number
  to: number
  sessions: Session[]
}

/** What the picture shows. */
export interface PictureOptions {
  /** Shows only what happened from this instant on, in epoch milliseconds. Default: everything. */
  from?: number
  /** How many addresses have a lane of their own. The others share one. Default: 12. */
  lanes?: number
}

/** Combines recordings into one picture. */
export function drawn(
  recordings: readonly Recording[],
  { from = -Infinity, lanes = 12 }: PictureOptions = {},
): Picture {
  const shown = recordings.map((recording) => ({
    ...recording,
    entries: recording.entries.filter(({ at }) => at >= from),
  }))
  const instants = shown.flatMap(({ entries }) => entries.map(startOf))
  const to = Math.max(0, ...shown.map(({ until }) => until))
  const start = instants.reduce((first, at) => Math.min(first, at), to)
  return {
    from: Math.max(start, from),
    to,
    sessions: shown.map((recording) => sessionOf(recording, lanes)),
  }
}

/** Returns when an entry began: its instant, less its duration if it has one. */
function startOf(entry: TimelineEntry): number {
  if (entry.kind === 'sent' || entry.kind === 'gaveUp') return entry.at - entry.waitedMs
  if (entry.kind === 'answered' || entry.kind === 'renewed' || entry.kind === 'renewalFailed') {
    return entry.at - entry.durationMs
  }
  return entry.at
}

function sessionOf({ name, entries, dropped }: Recording, most: number): Session {
  const requests = Map.groupBy(entries.filter(isAboutRequest), ({ request }) => request)
  const waited = Map.groupBy(
    entries.filter((entry) => entry.kind === 'sent' || entry.kind === 'gaveUp'),
    ({ renewal }) => renewal,
  )
  return {
    name,
    dropped,
    lanes: lanesOf([...requests.values()], most),
    renewals: entries.filter(isRenewal).map((entry) => {
      const waits = (waited.get(entry.renewal) ?? []).map(({ waitedMs }) => waitedMs)
      return {
        entry,
        from: startOf(entry),
        waited: waits.length,
        longestWaitMs: Math.max(0, ...waits),
      }
    }),
    marks: entries.filter((entry) => entry.kind === 'signedOut' || entry.kind === 'storeFailed'),
  }
}

export function isAboutRequest(entry: TimelineEntry): entry is RequestEntry {
  return 'request' in entry
}

function isRenewal(entry: TimelineEntry): entry is RenewalEntry {
  return 'renewal' in entry && !isAboutRequest(entry)
}

function lanesOf(requests: RequestEntry[][], most: number): Lane[] {
  const origins = new Set(requests.flat().map(({ url }) => originOf(url)))
  const labelOf = ([first]: RequestEntry[]) => {
    const { method = '', url = '' } = first ?? {}
    const path = origins.size === 1 ? url.slice(originOf(url).length) : url
    return plain(`${method} ${path || '/'}`)
  }
  const byLabel = Map.groupBy(requests, labelOf)
  const labels = [...byLabel.keys()]
  const own = labels.length > most ? labels.slice(0, Math.max(0, most - 1)) : labels
  const rest = labels.slice(own.length)
  const spans = (label: string) => (byLabel.get(label) ?? []).map(spanOf)
  const lanes = own.map((label) => ({ label, requests: spans(label) }))
  if (rest.length === 0) return lanes
  return [...lanes, { label: `${rest.length} other addresses`, requests: rest.flatMap(spans) }]
}

/** Returns the origin of a URL, or `''` if `showUrl` returned something other than a URL. */
const originOf = (url: string) => /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(url)?.[0] ?? ''

/** Puts text on one line and removes control characters, which a terminal would obey. */
export function plain(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�')
}

function spanOf(entries: RequestEntry[]): RequestSpan {
  const span: RequestSpan = { request: entries[0]?.request ?? 0, pieces: [] }
  for (const entry of entries) {
    const { at, attempt } = entry
    const open = span.pieces.find(({ to }) => to === undefined)
    switch (entry.kind) {
      case 'waiting':
        span.pieces.push({ kind: 'wait', from: at, to: undefined, attempt })
        break
      case 'sent':
        endWait(span, entry)
        if (attempt > 1) span.againAt = at
        span.pieces.push({ kind: 'flight', from: at, to: undefined, attempt })
        break
      case 'answered':
        if (open) Object.assign(open, { to: at, status: entry.status })
        else span.pieces.push(flown(entry))
        break
      case 'gaveUp':
        endWait(span, entry)
        span.gaveUp = { at, code: entry.code }
        break
    }
  }
  return span
}

/** Ends a wait. Its start may have been removed, or may be older than the recording. */
function endWait(
  { pieces }: RequestSpan,
  { at, waitedMs, attempt }: Extract<RequestEntry, { waitedMs: number }>,
): void {
  const open = pieces.find(({ to }) => to === undefined)
  if (open) open.to = at
  else if (waitedMs > 0) pieces.push({ kind: 'wait', from: at - waitedMs, to: at, attempt })
}

function flown({ at, durationMs, attempt, status }: Extract<RequestEntry, { status: number }>) {
  return { kind: 'flight' as const, from: at - durationMs, to: at, attempt, status }
}
