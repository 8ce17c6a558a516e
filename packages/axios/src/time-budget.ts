import { untilAborted } from '@latchkey/core/adapter'
import { AxiosError, type InternalAxiosRequestConfig } from 'axios'

/** axios counts `timeout` per attempt; the caller's budget spans the waiting and the replay. */
export interface TimeBudget {
  /** What is left for the next attempt, in milliseconds; axios takes 0 for no limit. */
  left(): number
  /** `work`, or axios' own time-out when the budget is used up before. */
  wait<T>(work: Promise<T>): Promise<T>
}

const UNLIMITED: TimeBudget = { left: () => 0, wait: (work) => work }

export function startBudget(config: InternalAxiosRequestConfig): TimeBudget {
  const { timeout = 0 } = config
  if (!(timeout > 0)) return UNLIMITED
  const startedAt = performance.now()
  const left = () => Math.max(1, Math.ceil(timeout - (performance.now() - startedAt)))
  return {
    left,
    wait(work) {
      const limit = AbortSignal.timeout(left())
      return untilAborted(work, limit).catch((error: unknown) => {
        throw limit.aborted && error === limit.reason ? exceeded(config) : error
      })
    },
  }
}

function exceeded(config: InternalAxiosRequestConfig): AxiosError {
  const { timeout, timeoutErrorMessage, transitional } = config
  const code = transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED
  const message =
    timeoutErrorMessage ?? `timeout of ${timeout}ms exceeded while waiting for a token`
  return new AxiosError(message, code, config)
}
