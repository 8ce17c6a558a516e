/** A double's clock: the test's own, or the machine's, plus the time that a test let pass. */
export interface DoubleClock {
  /** Epoch ms. */
  now(): number
  /** @throws TypeError when `ms` is negative or not a finite number. */
  passTime(ms: number): void
}

export function createClock(now: () => number): DoubleClock {
  let passedMs = 0
  return {
    now: () => now() + passedMs,
    passTime(ms) {
      if (!Number.isFinite(ms) || ms < 0) {
        throw new TypeError(`passTime needs a finite number of ms >= 0, got ${ms}`)
      }
      passedMs += ms
    },
  }
}
