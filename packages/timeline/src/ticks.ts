const SHORT_MS = [1, 10, 100, 1000, 10_000].flatMap((unit) => [unit, 2 * unit, 5 * unit])
const LONG_MS = [1, 2, 5, 10, 20, 30, 60, 120, 360, 720, 1440].map((minutes) => minutes * 60_000)

/** Returns a round interval so that at most `most` of them fit into `lengthMs`. */
export function tickMs(lengthMs: number, most: number): number {
  const fitting = [...SHORT_MS, ...LONG_MS].find((tick) => lengthMs / tick <= most)
  return fitting ?? Math.max(1, lengthMs)
}
