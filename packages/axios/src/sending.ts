import { LatchkeyError } from '@latchkey/core'
import { type Authorization, bodyFactory } from '@latchkey/core/adapter'
import axios, {
  Axios,
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios'
import type { RedirectGuard } from './redirect-guard.ts'

export type AdapterOption = InternalAxiosRequestConfig['adapter']

/** What came of one attempt: with `error`, axios rejected it; without `response`, nobody answered. */
export interface Outcome {
  response?: AxiosResponse | undefined
  error?: unknown
}

/**
 * Tells the URL axios will request. One that is none is axios' to complain of.
 *
 * A path after a base without a slash at its end is nothing else, and need not be asked of axios: that
 * takes as long as everything else we do to a request.
 */
export function createUrlReader(): (config: InternalAxiosRequestConfig) => string {
  const reader = new Axios({})
  return ({ url, baseURL, allowAbsoluteUrls, params, paramsSerializer }) => {
    const isPlain = url && baseURL && !params && /^\/[^/]/.test(url) && !baseURL.endsWith('/')
    if (isPlain) return baseURL + url
    const asked = { url, baseURL, allowAbsoluteUrls, params, paramsSerializer }
    return reader.getUri(asked as InternalAxiosRequestConfig)
  }
}

/** What an adapter threw. One of the user's own may throw what it likes; what holds a config holds the token. */
export function failed(error: unknown, config: InternalAxiosRequestConfig): Outcome {
  if (typeof error !== 'object' || error === null || !('config' in error)) return { error }
  conceal(error, config)
  const { response } = error as { response?: AxiosResponse }
  return { error, response: response && conceal(response, config) }
}

/**
 * An XMLHttpRequest asked for by name would take any token outside `Authorization` to wherever a redirect
 * leads, and can be told nothing.
 *
 * @throws {LatchkeyError} `ERR_UNSAFE_TRANSPORT`.
 */
export function expectKept(original: AdapterOption, { headers }: Authorization): void {
  if (!isBrowser()) return
  const header = Object.keys(headers).find((name) => name !== 'authorization')
  const choice = original ?? axios.defaults.adapter
  if (header === undefined || (choice !== 'xhr' && choice !== getAdapter('xhr'))) return
  throw new LatchkeyError(
    'ERR_UNSAFE_TRANSPORT',
    `Not sent: an XMLHttpRequest would take the token in "${header}" to wherever a redirect leads. Leave the adapter to axios or ask for \`adapter: 'fetch'\`, or use the bearer scheme.`,
  )
}

/** A copy of `config` for one attempt with a token. `data`: its body, as it was when it was sent first. */
export function authorized(
  config: InternalAxiosRequestConfig,
  data: unknown,
  authorization: Authorization,
  timeout: number,
  { secrets, guard }: RedirectGuard,
): InternalAxiosRequestConfig {
  // Its own properties are the headers: so a copy of them needs no checks anew.
  const headers = Object.assign(new AxiosHeaders(), config.headers)
  for (const [name, value] of Object.entries(authorization.headers)) {
    headers[keyOf(headers, name) ?? name] = value
    secrets.add(name)
  }
  const { env, sensitiveHeaders = [] } = config as Pick<typeof config, 'sensitiveHeaders'> & {
    env?: { fetch?: typeof fetch }
  }
  const factory = authorization.attempt > 1 ? bodyFactory(data) : undefined
  const copy = copyOf(config)
  copy.headers = headers
  copy.timeout = timeout
  copy.sensitiveHeaders = [...sensitiveHeaders, ...secrets]
  copy.env = { ...env, fetch: guard(env?.fetch) }
  copy.data = factory ? factory() : data
  return copy
}

/** The key that header `name`, in lower case, has here: axios keeps names as they were given. */
export function keyOf(headers: object, name: string): string | undefined {
  return Object.keys(headers).find(
    (key) => key.length === name.length && key.toLowerCase() === name,
  )
}

/** Inherits nothing: a polluted prototype must not reach axios through our copy. */
const Bare = function () {} as unknown as new () => Record<PropertyKey, unknown>
Bare.prototype = Object.freeze(Object.create(null))

/** In a loop, since axios' configs are of a kind that Object.assign() takes three times as long for. */
function copyOf<Config extends object>(config: Config): Config {
  const copy = new Bare() // and not Object.create(null), which takes twice as long to fill
  const source = config as typeof copy
  for (const key of Object.keys(source)) copy[key] = source[key]
  for (const key of Object.getOwnPropertySymbols(source)) copy[key] = source[key]
  return copy as Config
}

/**
 * The adapter that sends `config`. The fetch adapter is made anew, given as a function too: only so does
 * it take our `env.fetch`. An XMLHttpRequest follows redirects unseen and takes any header but
 * `Authorization` along, so where axios may choose, such a header does not go by it.
 */
export function adapterOf(
  original: AdapterOption,
  config: InternalAxiosRequestConfig,
): AxiosAdapter {
  const choice = original ?? axios.defaults.adapter
  const isFetch = typeof choice === 'function' && choice === getAdapter('fetch')
  if (typeof choice === 'function' && !isFetch) return choice
  const mayLeak = Array.isArray(choice) && isBrowser() && hasOtherSecrets(config)
  const option = isFetch || mayLeak ? 'fetch' : choice
  return (getAdapter as (option: unknown, config: unknown) => AxiosAdapter)(option, config)
}

const isBrowser = () => typeof XMLHttpRequest !== 'undefined'

const hasOtherSecrets = ({ sensitiveHeaders = [] }: InternalAxiosRequestConfig) =>
  sensitiveHeaders.some((name) => name !== 'authorization')

/**
 * Puts the caller's own config back, and hides the raw request: its headers hold the token, or its
 * connection remembers an earlier request whose headers do. A streamed body leads there too.
 */
export function conceal<T extends { config?: unknown; request?: unknown; data?: unknown }>(
  result: T,
  config: InternalAxiosRequestConfig,
): T {
  result.config = config
  const { request, data } = result
  if (request) hide(result, 'request', request)
  if (typeof (data as { pipe?: unknown } | undefined)?.pipe === 'function') {
    hide(data as object, Symbol.for('nodejs.util.inspect.custom'), () => '[response stream]')
  }
  return result
}

function hide(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  })
}
