/**
 * Returns whether `value` has to be awaited. It does not use `instanceof Promise`, because zone.js, bluebird and
 * other realms have their own promises.
 *
 * @group For adapters and services
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/**
 * Returns `promise`, or rejects with `signal`'s reason as soon as it aborts. The work behind `promise` continues.
 *
 * @group For adapters and services
 */
export function untilAborted<T>(
  promise: PromiseLike<T>,
  signal: AbortSignal | null | undefined,
): Promise<T> {
  const work = Promise.resolve(promise)
  if (!signal) return work
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(reasonOf(signal))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/**
 * Throws the signal's reason if it has aborted. Replaces `signal.throwIfAborted()`, which React Native before 0.87
 * does not have.
 *
 * @group For adapters and services
 */
export function throwIfAborted(signal: AbortSignal | null | undefined): void {
  if (signal?.aborted) throw reasonOf(signal)
}

/** Returns the reason of an aborted signal. React Native's signals have none. */
function reasonOf({ reason }: AbortSignal): unknown {
  return reason ?? Object.assign(new Error('This operation was aborted'), { name: 'AbortError' })
}

/** The longest time of a timer, in milliseconds. With a larger value it would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1
const SLICES = 8

/**
 * Calls `late` once the process has run for `ms` milliseconds. Returns a function that cancels this.
 *
 * After a pause (a debugger, a long computation, SIGSTOP, a suspended laptop), timers fire before the answers are
 * read that have arrived in the meantime. So the time is counted in slices, and a pause costs one slice at most.
 */
export function afterRunning(ms: number, late: () => void): () => void {
  const limit = Math.min(ms, MAX_TIMER_MS)
  const slice = Math.max(1, Math.ceil(limit / SLICES))
  let left = limit
  let timer: ReturnType<typeof setTimeout>
  const next = () => {
    if (left <= 0) return late()
    timer = setTimeout(next, Math.min(left, slice))
    left -= slice
  }
  next()
  return () => clearTimeout(timer)
}

/**
 * Returns `promise`, or rejects with `late()` once the process has run for `ms` milliseconds. Leaves no timer
 * behind. Replaces `AbortSignal.timeout()`, which React Native before 0.87 does not have.
 *
 * @group For adapters and services
 */
export function withTimeLimit<T>(
  promise: PromiseLike<T>,
  ms: number,
  late: () => unknown,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = afterRunning(ms, () => reject(late()))
    Promise.resolve(promise).then(resolve, reject).finally(stop)
  })
}
