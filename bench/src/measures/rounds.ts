import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'

/** Milliseconds of each round, by name. */
export type Times<Name extends string> = Record<Name, number[]>

/** A ratio as measured: the median of all rounds, and the two quartiles beside it. */
export interface Ratio {
  median: number
  low: number
  high: number
}

/** Milliseconds since some instant. */
export type Clock = () => number

const wallClock: Clock = () => performance.now()

/**
 * What this process has computed, its collector's threads included. Whoever else uses the machine counts
 * less than by the wall clock; only for work that never waits.
 */
export const cpuClock: Clock = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** How long to go on: for `budgetMs` altogether, but at least and at most so many rounds. */
export interface Extent {
  budgetMs: number
  minRounds: number
  maxRounds: number
  /** Rounds before those that count. */
  warmUp: number
}

/**
 * Times several pieces of work in turns, so that what the machine does meanwhile hits all of them alike.
 *
 * Before each the young garbage of the one before is collected, where `--expose-gc` allows it. Not all of it: a
 * full collection also drops the compiled code that holds on to classes of which no instance happens to live,
 * and who makes short-lived objects would begin every round cold. Each round begins in a turn of the event loop:
 * until then whatever a WeakRef was asked for is kept, and a Request asks for its signal.
 */
export async function alternate<Name extends string>(
  works: Record<Name, () => Promise<unknown>>,
  { budgetMs, minRounds, maxRounds, warmUp }: Extent,
  clock = wallClock,
): Promise<Times<Name>> {
  const names = Object.keys(works) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Times<Name>
  const end = performance.now() + budgetMs
  const isOver = (round: number) => round >= minRounds && performance.now() > end
  for (let round = -warmUp; round < maxRounds && !isOver(round); round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await turn()
      globalThis.gc?.({ type: 'minor' })
      const start = clock()
      await works[name]()
      const took = clock() - start
      if (round >= 0) times[name].push(took) // the first rounds only warm up
    }
  }
  return times
}

/** `times` against `base`, round by round. */
export function ratio(times: readonly number[], base: readonly number[]): Ratio {
  const ratios = times.map((time, at) => time / (base[at] ?? Number.NaN))
  return {
    median: quantile(ratios, 0.5),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
  }
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** The value below which the share `q` of `values` lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}
