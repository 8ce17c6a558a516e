const logLimit = 10_000

/** The record of a double: counts, and the last 10 000 requests. */
export interface Ledger<Logged, Counts> {
  counts(): Counts
  log(): readonly Logged[]
  reset(): void
  record(entry: Logged): void
}

/** A ledger whose counts start at `none()` and grow by `count()`. */
export function createLedger<Logged, Counts>(
  none: () => Counts,
  count: (counts: Counts, entry: Logged) => void,
): Ledger<Logged, Counts> {
  let counts = none()
  let log: Logged[] = []
  return {
    counts: () => ({ ...counts }),
    log: () => [...log],
    reset() {
      counts = none()
      log = []
    },
    record(entry) {
      count(counts, entry)
      log.push(Object.freeze(entry))
      if (log.length > logLimit) log.shift()
    },
  }
}
