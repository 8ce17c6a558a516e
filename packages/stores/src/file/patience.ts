import { setTimeout } from 'node:timers/promises'

/**
 * What `work` gives. While it throws what `mayPass`, it is tried again with growing, uneven pauses of up
 * to a tenth of a second, for `limitMs` and once more after that; then its error is thrown.
 */
export async function patiently<T>(
  work: () => T | Promise<T>,
  mayPass: (error: unknown) => boolean,
  limitMs: number,
): Promise<T> {
  const until = performance.now() + limitMs
  for (let pauseMs = 4; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const isLast = performance.now() >= until
    try {
      return await work()
    } catch (error) {
      if (isLast || !mayPass(error)) throw error
    }
    await setTimeout(pauseMs * (0.5 + Math.random() / 2))
  }
}
