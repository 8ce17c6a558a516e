import { withTimeLimit } from '@latchkey/core/adapter'
import { AxiosError, type InternalAxiosRequestConfig } from 'axios'

/**
 * The caller's time limit for the waiting, the first attempt and the replay together. axios counts `timeout` per
 * attempt.
 */
export interface TimeBudget {
  /** Returns the time left for the next attempt, as an axios `timeout`. */
  left(): number | undefined
  /** Returns `work`, or rejects with axios' own time-out when the budget is used up. */
  wait<T>(work: PromiseLike<T>): Promise<T>
  /** Writes the caller's limit into the message of a time-out, instead of the time that was left. */
  correct(error: unknown): void
}

export function startBudget(config: InternalAxiosRequestConfig): TimeBudget {
  const given = config.timeout
  const timeout = Number(given)
  // Without a limit, or with an invalid one, which axios reports itself.
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
