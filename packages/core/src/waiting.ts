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
 * Throws the signal's reason if it has aborted. In place of `signal.throwIfAborted()`, which React Native before
 * 0.87 does not have.
 *
 * @group For adapters and services
 */
export function throwIfAborted(signal: AbortSignal | null | undefined): void {
  if (signal?.aborted) throw reasonOf(signal)
}

/** React Native's signals have no reason. */
function reasonOf({ reason }: AbortSignal): unknown {
  return reason ?? Object.assign(new Error('This operation was aborted'), { name: 'AbortError' })
}

/** No timer can wait longer, in milliseconds, and one that is asked to fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1
const SLICES = 8

/**
 * Calls `late` once the process has run for `ms` milliseconds. Returns how to call that off.
 *
 * After a pause (a debugger, a long computation, SIGSTOP, a suspended laptop) timers fire before the answers that
 * have arrived meanwhile are read. So the time is counted in slices, and a pause costs one slice at most.
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
 * `promise`, or a rejection with `late()` once the process has run for `ms` milliseconds. No timer is left behind. In
 * place of `AbortSignal.timeout()`, which React Native before 0.87 does not have.
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
