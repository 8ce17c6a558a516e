/** Returns the time to the manager. `Date` is a clock; tests pass their own. */
export interface Clock {
  /** Returns the current instant in epoch milliseconds. */
  now(): number
}
