/**
 * Whether `value` has to be awaited. Never asked by `instanceof Promise`: zone.js, bluebird and other realms have
 * promises of their own.
 *
 * @group For adapters and services
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/**
 * `promise`, or `signal`'s reason as soon as it aborts. The work behind `promise` goes on.
 *
 * @group For adapters and services
 */
export function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | null | undefined,
): Promise<T> {
  if (!signal) return promise
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** `promise`, or a rejection with `late()` once `ms` milliseconds have passed. No timer is left behind. */
export function withTimeLimit<T>(promise: Promise<T>, ms: number, late: () => unknown): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), Math.min(ms, 2 ** 31 - 1))
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
