/** `1 renewal`, `2 renewals`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** A duration for people to read: `240 ms`, `2.9 s`, `12 min`, `10 h`, `90 days`. */
export function duration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${round(ms / 1000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 172_800_000) return `${round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} days`
}

/** One digit after the point, unless it is a zero. */
function round(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** An instant of the run, for the left margin: ` 4.3 s`. */
export function instant(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)} s`
}
