import { setTimeout } from 'node:timers/promises'

/** Average pause between two attempts, in milliseconds. */
const PAUSE_MS = 10

/**
 * Returns the result of `work`. If `work` throws an error that `mayPass` accepts, it is tried again until `limitMs` has passed or
 * `signal` aborts, and once more after that. Then its error is thrown. Pauses are random. They do not grow, so that a process that
 * has waited for long tries as often as a process that has just come.
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
