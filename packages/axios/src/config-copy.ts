import type { Authorization } from '@latchkey/core/adapter'
import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios'

/**
 * Returns a copy of `config` for one attempt with a token.
 *
 * @param secrets Names of the headers that have carried a credential. This attempt's names are added.
 */
export function authorized(
  config: InternalAxiosRequestConfig,
  changes: Partial<InternalAxiosRequestConfig>,
  authorization: Authorization,
  secrets: Set<string>,
): InternalAxiosRequestConfig {
  // The headers are its own properties, so they need no further checks when copied.
  const headers = Object.assign(new AxiosHeaders(), config.headers)
  for (const [name, value] of Object.entries(authorization.headers)) {
    headers.set(name, value)
    secrets.add(name)
  }
  const { sensitiveHeaders } = config as Pick<typeof config, 'sensitiveHeaders'>
  const list = sensitiveHeaders ?? []
  const copy = copyOf(config)
  copy.headers = headers
  if (Array.isArray(list)) copy.sensitiveHeaders = [...list, ...secrets] // otherwise axios refuses it
  return Object.assign(copy, changes)
}

/** Returns a copy of `config` with `changes`, and without header `name`. */
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

/** The class of our copies. It inherits nothing, so that a polluted prototype does not reach axios through them. */
const Bare = function () {} as unknown as new () => Record<PropertyKey, unknown>
Bare.prototype = Object.freeze(Object.create(null))

/** Copies in a loop, because for axios' configs Object.assign() takes three times as long. */
export function copyOf<Config extends object>(config: Config): Config {
  const copy = new Bare() // not Object.create(null), which takes twice as long to fill
  const source = config as typeof copy
  for (const key of Object.keys(source)) copy[key] = source[key]
  for (const key of Object.getOwnPropertySymbols(source)) copy[key] = source[key]
  return copy as Config
}
