import type { DoubleClock } from './clock.ts'
import type { Fault, Faults, Hold } from './faults.ts'
import type { Ledger } from './ledger.ts'

/** Controls that every double has. Clients do not see them, and they do not count as requests. */
export interface DoubleControl<Kind extends string, Counts, Logged> {
  /** Moves the double's clock forward by ms >= 0, without waiting. */
  passTime(ms: number): void
  /** Makes the next `count` requests of the kind fail with the fault. Adds to faults ordered before. */
  failNext(kind: Kind, count: number, fault: Fault): void
  /** Makes every request of the kind (or of all) take at least so many real ms. 0 ends it. */
  delay(kind: Kind | 'all', ms: number): void
  /** Holds requests of the kind inside the server, before it does anything, until released. */
  hold(kind: Kind): Hold
  /** Forgets all ordered failures and delays, and releases held requests. */
  clearFaults(): void
  /** Returns how often each thing has happened. */
  counts(): Counts
  /** Returns the last 10 000 requests in the order of their answers, without secrets. */
  log(): readonly Logged[]
  /** Sets the counts to zero and empties the log. */
  resetCounts(): void
}

export function createDoubleControl<Kind extends string, Counts, Logged>(
  clock: DoubleClock,
  faults: Faults<Kind>,
  ledger: Ledger<Logged, Counts>,
): DoubleControl<Kind, Counts, Logged> {
  return {
    passTime: (ms) => clock.passTime(ms),
    failNext: (kind, count, fault) => faults.failNext(kind, count, fault),
    delay: (kind, ms) => faults.delay(kind, ms),
    hold: (kind) => faults.hold(kind),
    clearFaults: () => faults.clear(),
    counts: () => ledger.counts(),
    log: () => ledger.log(),
    resetCounts: () => ledger.reset(),
  }
}
