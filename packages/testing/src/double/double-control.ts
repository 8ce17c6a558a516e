import type { DoubleClock } from './clock.ts'
import type { Fault, Faults, Hold } from './faults.ts'
import type { Ledger } from './ledger.ts'

/** What a test does to every double behind its clients' backs. Nothing here counts as a request. */
export interface DoubleControl<Kind extends string, Counts, Logged> {
  /** Moves the double's clock forward, ms >= 0, without waiting. */
  passTime(ms: number): void
  /** The next `count` requests of the kind meet the fault instead; adds to what was ordered before. */
  failNext(kind: Kind, count: number, fault: Fault): void
  /** Every request of the kind (or of all) takes at least so many real ms. 0 ends it. */
  delay(kind: Kind | 'all', ms: number): void
  /** Requests of the kind wait inside the server, before anything is done, until released. */
  hold(kind: Kind): Hold
  /** Forgets all ordered failures and delays and releases what is held. */
  clearFaults(): void
  /** How often each thing has happened. */
  counts(): Counts
  /** The last 10 000 requests in the order of their answers, without secrets. */
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
