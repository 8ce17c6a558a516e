import { withTimeLimit } from '@latchkey/core/adapter'
import { AxiosError, type InternalAxiosRequestConfig } from 'axios'

/** axios counts `timeout` per attempt; the caller's budget spans the waiting and the replay. */
export interface TimeBudget {
  /** What is left for the next attempt, as axios takes it. */
  left(): number | undefined
  /** `work`, or axios' own time-out when the budget is used up before. */
  wait<T>(work: PromiseLike<T>): Promise<T>
  /** Puts the limit that was set into a time-out's message, in place of what was left of it. */
  correct(error: unknown): void
}

export function startBudget(config: InternalAxiosRequestConfig): TimeBudget {
  const given = config.timeout
  const timeout = Number(given)
  // No limit, or none that can be counted down: axios says so itself.
  if (!(timeout > 0) || !Number.isFinite(timeout)) {
    return { left: () => given, wait: (work) => Promise.resolve(work), correct: () => undefined }
  }
  const startedAt = performance.now()
  const left = () => Math.max(1, Math.ceil(timeout - (performance.now() - startedAt)))
  let last = timeout
  return {
    left: () => (last = left()),
    wait: (work) => withTimeLimit(work, left(), () => exceeded(config)),
    correct(error) {
      if (!(error instanceof Error) || error.message !== messageOf(last)) return
      const message = messageOf(given)
      error.stack = error.stack?.replace(error.message, message) ?? message
      error.message = message
    },
  }
}

const messageOf = (timeout: unknown) => `timeout of ${String(timeout)}ms exceeded`

function exceeded(config: InternalAxiosRequestConfig): AxiosError {
  const { timeout, timeoutErrorMessage, transitional } = config
  const code = transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED
  return new AxiosError(timeoutErrorMessage || messageOf(timeout), code, config)
}
