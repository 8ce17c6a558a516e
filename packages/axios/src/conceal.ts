import type { LatchkeyError } from '@latchkey/core'
import {
  AxiosError,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios'
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
  if (!('config' in Object(error))) return { error }
  conceal(Object(error), config)
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
  hide(error, 'cause', reason)
  return error
}

/** Returns what axios rejects with if the stream of a body fails, or is closed, before it was sent. */
export function unsendable(error: unknown, config: InternalAxiosRequestConfig): AxiosError {
  if (error) return AxiosError.from(error, undefined, config)
  return new CanceledError('Request stream has been aborted', config)
}

/** Restores the caller's own config in a result that has one. */
export function giveBack(result: unknown, config: InternalAxiosRequestConfig): void {
  if ('config' in Object(result)) Reflect.set(Object(result), 'config', config)
}

/**
 * Restores the caller's own config and hides the raw request. The request's headers hold the token, or its
 * connection remembers an earlier request whose headers do. Streamed bodies and agents refer to requests too. The
 * error of a streamed body has the request and the config that was sent.
 */
// oxlint-disable-next-line no-explicit-any -- as axios declares it
export function conceal<T extends { config?: unknown; request?: any; data?: any }>(
  result: T,
  config: InternalAxiosRequestConfig,
): T {
  const { request, data, config: sent } = result
  const isStream = typeof (data?.pipe ?? data?.getReader) === 'function'
  if (!Reflect.set(result, 'config', config) || isStream)
    Reflect.set(sent ?? {}, 'headers', config.headers)
  if (request) hide(result, 'request', request)
  const { httpAgent, httpsAgent, data: body } = config
  for (const one of [request, request?.['_redirectable'], httpAgent, httpsAgent]) silence(one)
  for (const one of [data, body]) if (typeof one?.pipe === 'function') silence(one)
  return result
}

/** Makes an object print nothing of itself. Changes no other value. */
function silence(value: unknown): void {
  for (const key of [Symbol.for('nodejs.util.inspect.custom'), 'toJSON']) {
    hide(Object(value), key, () => '[may hold a token]')
  }
}

/** Sets a property that is not enumerable. Changes nothing of a frozen object. */
export function hide(target: object, key: PropertyKey, value: unknown): void {
  Reflect.defineProperty(target, key, {
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  })
}
