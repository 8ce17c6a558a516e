/** Where the manager gets the time from. `Date` is one; tests inject their own. */
export interface Clock {
  /** The current instant in epoch milliseconds. */
  now(): number
}
