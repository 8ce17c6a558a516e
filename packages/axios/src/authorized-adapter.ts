import { type Authorizer, bodyFactory, isOneShot, untilAborted } from '@latchkey/core'
import {
  type AxiosAdapter,
  AxiosError,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios'
import { viewOf } from './response-view.ts'
import type { AdapterOption, Outcome, Sending } from './sending.ts'

/** An adapter that authorizes what it sends through `original`, and sends once more when that helps. */
export function authorizedAdapter(
  manager: Authorizer,
  sending: Sending,
  original: AdapterOption,
): AxiosAdapter {
  return async (config) => {
    const url = sending.resolve(config)
    if (!url) return sending.bare(original, config)
    const method = (config.method ?? 'get').toUpperCase()
    const signal = signalOf(config)
    const budget = startBudget(config)
    const { headers } = config
    const asked = manager.authorize({ url, method, headers, signal })
    let authorization = asked instanceof Promise ? await budget.wait(asked) : asked
    if (authorization.generation === 0) return sending.bare(original, config)
    const replayable = !isOneShot(config.data) || bodyFactory(config.data) !== undefined
    for (;;) {
      const timeout = budget.left()
      const outcome = await sending.attempt(original, config, authorization, timeout)
      const { response } = outcome
      if (!response) throw outcome.error
      const view = viewOf(response, sending.finalUrl(response) ?? url.href)
      const recovered = manager.recover(authorization, view, { signal, replayable })
      const next = recovered instanceof Promise ? await budget.wait(recovered) : recovered
      if (!next) return settle(outcome, manager)
      discard(response)
      authorization = next
    }
  }
}

/** Hands the outcome to the caller, a rejected one with Latchkey's reason as `cause`. */
function settle({ response, error }: Outcome, manager: Authorizer): AxiosResponse {
  if (error === undefined && response) return response
  const reason = manager.explain(response)
  if (reason && isAxiosError(error) && error.cause === undefined) {
    Object.defineProperty(error, 'cause', { value: reason, configurable: true, writable: true })
  }
  throw error
}

/** An unread stream would keep its connection. */
function discard({ data }: AxiosResponse): void {
  if (typeof data?.destroy === 'function') data.destroy()
  else if (typeof data?.cancel === 'function') data.cancel().catch(() => undefined)
}

/** axios has two ways to cancel; a wait listens to both. */
function signalOf({ signal, cancelToken }: InternalAxiosRequestConfig): AbortSignal | undefined {
  const signals = [
    signal,
    (cancelToken as { toAbortSignal?: () => AbortSignal })?.toAbortSignal?.(),
  ]
  const given = signals.filter((one) => one instanceof AbortSignal)
  return given.length > 1 ? AbortSignal.any(given) : given[0]
}

/** axios counts `timeout` per attempt; the caller's budget spans the waiting and the replay. */
function startBudget(config: InternalAxiosRequestConfig) {
  const { timeout = 0 } = config
  const startedAt = performance.now()
  const left = () =>
    timeout > 0 ? Math.max(1, timeout - (performance.now() - startedAt)) : timeout
  const exceeded = () => {
    const { timeoutErrorMessage, transitional } = config
    const { ETIMEDOUT, ECONNABORTED } = AxiosError
    const code = transitional?.clarifyTimeoutError ? ETIMEDOUT : ECONNABORTED
    const message =
      timeoutErrorMessage ?? `timeout of ${timeout}ms exceeded while waiting for a token`
    return new AxiosError(message, code, config)
  }
  async function wait<T>(promise: Promise<T>): Promise<T> {
    if (timeout <= 0) return promise
    const limit = AbortSignal.timeout(left())
    try {
      return await untilAborted(promise, limit)
    } catch (error) {
      throw error === limit.reason && limit.aborted ? exceeded() : error
    }
  }
  return { left, wait }
}
