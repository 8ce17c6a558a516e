import { setTimeout } from 'node:timers/promises'

/** Between two attempts, in milliseconds, on average. */
const PAUSE_MS = 10

/**
 * Returns the result of `work`. While it throws what `mayPass`, it is tried again for `limitMs` or until `signal` aborts, and once more
 * after that; then its error is thrown. The pauses are uneven and do not grow: who has waited for long looks as often as one who has just come.
 */
export async function patiently<T>(
  work: () => T | Promise<T>,
  mayPass: (error: unknown) => boolean,
  limitMs: number,
  signal?: AbortSignal,
): Promise<T> {
  const until = performance.now() + limitMs
  for (;;) {
    const isLast = performance.now() >= until || signal?.aborted
    try {
      return await work()
    } catch (error) {
      if (isLast || !mayPass(error)) throw error
    }
    await setTimeout(PAUSE_MS * (0.5 + Math.random()))
  }
}
