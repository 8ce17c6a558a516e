import type { LatchkeyError } from '@latchkey/core'
import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { copyOf } from './config-copy.ts'

/** The result of one attempt. With `error`: axios rejected it. Without `response`: the server did not answer. */
export interface Outcome {
  response?: AxiosResponse | undefined
  error?: unknown
}

/**
 * Returns the outcome for an error of an adapter. A custom adapter may throw any value. If it has a config, that
 * holds the token.
 */
export function failed(error: unknown, config: InternalAxiosRequestConfig): Outcome {
  if (typeof error !== 'object' || error === null || !('config' in error)) return { error }
  conceal(error, config)
  const { response } = error as { response?: AxiosResponse }
  return { error, response: response && conceal(response, config) }
}

/**
 * Returns the error for a request that was not sent, or not to its end. Interceptors read its `config`.
 * axios-retry would take it for a network error, so it is marked as one that must not be sent again.
 */
export function unsent(reason: LatchkeyError, config: InternalAxiosRequestConfig): AxiosError {
  const own = config as InternalAxiosRequestConfig & { 'axios-retry'?: object }
  const retry = own['axios-retry']
  const none = { 'axios-retry': { ...retry, retries: 0 } }
  const told = retry ? Object.assign(copyOf(config), none) : config
  const error = new AxiosError(reason.message, reason.code, told)
  return Object.defineProperty(error, 'cause', {
    value: reason,
    configurable: true,
    writable: true,
  })
}

/** Restores the caller's own config in a result that has one. */
export function giveBack(result: unknown, config: InternalAxiosRequestConfig): void {
  if (typeof result !== 'object' || result === null || !('config' in result)) return
  if (!Object.isFrozen(result)) result.config = config
}

/**
 * Restores the caller's own config and hides the raw request. The request's headers hold the token, or its
 * connection remembers an earlier request whose headers do. A streamed body refers to the request too, in either
 * direction.
 */
export function conceal<T extends { config?: unknown; request?: unknown; data?: unknown }>(
  given: T,
  config: InternalAxiosRequestConfig,
): T {
  const result = Object.isFrozen(given) ? { ...given } : given
  result.config = config
  if (result.request) hide(result, 'request', result.request)
  hideStream(result.data, '[response stream]')
  hideStream(config.data, '[request stream]')
  return result
}

function hideStream(data: unknown, shown: string): void {
  if (typeof (data as { pipe?: unknown } | null | undefined)?.pipe !== 'function') return
  for (const key of [Symbol.for('nodejs.util.inspect.custom'), 'toJSON']) {
    hide(data as object, key, () => shown)
  }
}

function hide(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  })
}
