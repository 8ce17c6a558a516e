import type { RenewalEntry, TimelineEntry } from './entries.ts'
import type { Picture, Renewal } from './picture.ts'

/** Returns `1 renewal` or `2 renewals`. */
function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Returns a duration in common words: `240 ms`, `2.9 s`, `12 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`
  return `${Math.round(ms / 60_000)} min`
}

/** Returns how a renewal ended. */
export function outcomeOf(entry: RenewalEntry): string {
  switch (entry.kind) {
    case 'renewed':
      return `renewed by ${entry.grant} in ${duration(entry.durationMs)}`
    case 'renewalFailed':
      return `${entry.outcome}: ${entry.code}`
    case 'adopted':
      return 'a token from elsewhere: a sign-in, or the store'
  }
}

/** Returns how many requests waited for a renewal, and how long. */
export function waitersOf({ waited, longestWaitMs }: Renewal): string {
  if (waited === 0) return 'no request waited'
  const who = `${plural(waited, 'request')} waited`
  return waited === 1
    ? `${who} ${duration(longestWaitMs)}`
    : `${who}, ${duration(longestWaitMs)} at most`
}

/** Returns what ended a session, or which call of its store failed. */
export function markText(entry: Extract<TimelineEntry, { kind: 'signedOut' | 'storeFailed' }>) {
  const isOut = entry.kind === 'signedOut'
  return isOut ? `signed out (${entry.reason})` : `store failed: ${entry.operation} (${entry.code})`
}

/** Returns a summary in one line. */
export function summary({ sessions }: Picture): string {
  const requests = sessions.flatMap(({ lanes }) => lanes.flatMap((lane) => lane.requests))
  const renewals = sessions.flatMap((session) => session.renewals)
  const count = (is: (one: (typeof requests)[number]) => unknown) => requests.filter(is).length
  const dropped = sessions.reduce((sum, session) => sum + session.dropped, 0)
  return [
    plural(requests.length, 'request'),
    plural(renewals.filter(({ entry }) => entry.kind === 'renewed').length, 'renewal'),
    `${count(({ pieces }) => pieces.some(({ kind }) => kind === 'wait'))} waited`,
    `${count(({ againAt }) => againAt)} sent again`,
    `${count(({ gaveUp }) => gaveUp)} gave up`,
    ...(dropped > 0 ? [`${dropped} older entries no longer kept`] : []),
  ].join(', ')
}
