import type { Authorization } from '@latchkey/core/adapter'
import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios'

/**
 * A copy of `config` for one attempt with a token.
 *
 * @param secrets Names of the headers that carried a credential so far; this attempt's are added.
 */
export function authorized(
  config: InternalAxiosRequestConfig,
  changes: Partial<InternalAxiosRequestConfig>,
  authorization: Authorization,
  secrets: Set<string>,
): InternalAxiosRequestConfig {
  // Its own properties are the headers: so a copy of them needs no checks anew.
  const headers = Object.assign(new AxiosHeaders(), config.headers)
  for (const [name, value] of Object.entries(authorization.headers)) {
    headers.set(name, value)
    secrets.add(name)
  }
  const { sensitiveHeaders = [] } = config as Pick<typeof config, 'sensitiveHeaders'>
  const copy = copyOf(config)
  copy.headers = headers
  copy.sensitiveHeaders = [...sensitiveHeaders, ...secrets]
  return Object.assign(copy, changes)
}

/** A copy of `config` with `changes`, and without header `name`. */
export function changed(
  config: InternalAxiosRequestConfig,
  changes: Partial<InternalAxiosRequestConfig>,
  name: string | undefined,
): InternalAxiosRequestConfig {
  const copy = Object.assign(copyOf(config), changes)
  if (name === undefined) return copy
  copy.headers = Object.assign(new AxiosHeaders(), config.headers)
  copy.headers.delete(name)
  return copy
}

/** Inherits nothing: a polluted prototype must not reach axios through our copy. */
const Bare = function () {} as unknown as new () => Record<PropertyKey, unknown>
Bare.prototype = Object.freeze(Object.create(null))

/** In a loop, since axios' configs are of a kind that Object.assign() takes three times as long for. */
export function copyOf<Config extends object>(config: Config): Config {
  const copy = new Bare() // and not Object.create(null), which takes twice as long to fill
  const source = config as typeof copy
  for (const key of Object.keys(source)) copy[key] = source[key]
  for (const key of Object.getOwnPropertySymbols(source)) copy[key] = source[key]
  return copy as Config
}
