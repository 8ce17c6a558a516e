import { LatchkeyError } from '@latchkey/core'
import { type Authorization, snapshot } from '@latchkey/core/adapter'
import axios, {
  Axios,
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosProgressEvent,
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

/** Where a request goes, as it is at the call. */
interface Address {
  url: string
  /** What makes axios write the same address later: the parameters may change, and are written once. */
  changes: Partial<InternalAxiosRequestConfig>
}

const UNCHANGED = Object.freeze({})

/**
 * Tells where axios will send a request; `undefined` for what it will complain of itself.
 *
 * A path after a base without a slash at its end is nothing else, and need not be asked of axios: that
 * takes as long as everything else we do to a request.
 */
export function createAddressReader(): (config: InternalAxiosRequestConfig) => Address | undefined {
  const reader = new Axios({})
  const uri = (asked: Partial<InternalAxiosRequestConfig>) =>
    reader.getUri(asked as InternalAxiosRequestConfig)
  return ({ url, baseURL, allowAbsoluteUrls, params, paramsSerializer }) => {
    const isPlain = url && baseURL && !params && /^\/[^/]/.test(url) && !baseURL.endsWith('/')
    if (isPlain) return { url: baseURL + url, changes: UNCHANGED }
    const asked = { url, baseURL, allowAbsoluteUrls } as Partial<InternalAxiosRequestConfig>
    try {
      if (!params) return { url: uri(asked), changes: UNCHANGED }
      const query = uri({ url: '', params, paramsSerializer } as typeof asked).slice(1)
      const changes = { params: copyOfParams(params), paramsSerializer: { serialize: () => query } }
      return { url: uri({ ...asked, ...changes }), changes }
    } catch {
      return undefined
    }
  }
}

/** An adapter of the user's own may look at them. */
function copyOfParams(params: unknown): unknown {
  const copy = snapshot(params)
  const isPlain = copy === params && Object.prototype.toString.call(params) === '[object Object]'
  return isPlain ? { ...(params as object) } : copy
}

/** What an adapter threw. One of the user's own may throw what it likes; what holds a config holds the token. */
export function failed(error: unknown, config: InternalAxiosRequestConfig): Outcome {
  if (typeof error !== 'object' || error === null || !('config' in error)) return { error }
  conceal(error, config)
  const { response } = error as { response?: AxiosResponse }
  return { error, response: response && conceal(response, config) }
}

/**
 * What axios rejects with when a request does not go out, or not all the way: interceptors read its `config`. axios-retry
 * takes such an error for one of the network, so it is told not to send again what was refused here.
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

/**
 * An XMLHttpRequest asked for by name would take any token outside `Authorization` to wherever a redirect
 * leads, and can be told nothing.
 *
 * @throws {LatchkeyError} `ERR_UNSAFE_TRANSPORT`.
 */
export function expectKept(original: AdapterOption, { headers }: Authorization): void {
  if (!fetchIsSafer()) return
  const header = Object.keys(headers).find((name) => name !== 'authorization')
  const choice = original ?? axios.defaults.adapter
  if (header === undefined || (choice !== 'xhr' && choice !== ownAdapter('xhr'))) return
  throw new LatchkeyError(
    'ERR_UNSAFE_TRANSPORT',
    `Not sent: an XMLHttpRequest would take the token in "${header}" to wherever a redirect leads. Leave the adapter to axios or ask for \`adapter: 'fetch'\`, or use the bearer scheme.`,
  )
}

/** A copy of `config` for one attempt with a token. */
export function authorized(
  config: InternalAxiosRequestConfig,
  changes: Partial<InternalAxiosRequestConfig>,
  authorization: Authorization,
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
  const copy = copyOf(config)
  copy.headers = headers
  copy.sensitiveHeaders = [...sensitiveHeaders, ...secrets]
  copy.env = { ...env, fetch: guard(env?.fetch) }
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

/** Puts the caller's own config back into what has one. */
export function giveBack(result: unknown, config: InternalAxiosRequestConfig): void {
  if (typeof result !== 'object' || result === null || !('config' in result)) return
  if (!Object.isFrozen(result)) result.config = config
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
  const isFetch = typeof choice === 'function' && choice === ownAdapter('fetch')
  if (typeof choice === 'function' && !isFetch) return choice
  const mayLeak = Array.isArray(choice) && fetchIsSafer() && hasOtherSecrets(config)
  const option = isFetch || mayLeak ? 'fetch' : choice
  const adapter = (getAdapter as (option: unknown, config: unknown) => AxiosAdapter)(option, config)
  return mayLeak && config.onUploadProgress ? inOnePiece(adapter) : adapter
}

const OWN = ['http', 'fetch', 'xhr'] as const

/** One of axios' own, where the platform has it. */
function ownAdapter(name: (typeof OWN)[number]): AxiosAdapter | undefined {
  try {
    return getAdapter(name)
  } catch {
    return undefined
  }
}

/**
 * For progress the fetch adapter streams the body, which browsers refuse over HTTP/1.1. In place of an XMLHttpRequest it
 * sends it as it is, and tells of the end only.
 */
function inOnePiece(send: AxiosAdapter): AxiosAdapter {
  return async (config) => {
    const { data, onUploadProgress } = config
    const tell = () => onUploadProgress?.(completed(sizeOf(data)))
    try {
      const response = await send(Object.assign(copyOf(config), { onUploadProgress: undefined }))
      tell()
      return response
    } catch (error) {
      if ((error as { response?: unknown }).response) tell()
      throw error
    }
  }
}

const completed = (size: number | undefined): AxiosProgressEvent => ({
  loaded: size ?? 0,
  ...(size !== undefined && { total: size }),
  progress: 1,
  bytes: size ?? 0,
  upload: true,
  lengthComputable: size !== undefined,
})

function sizeOf(data: unknown): number | undefined {
  if (typeof data === 'string') return new TextEncoder().encode(data).byteLength
  const { size, byteLength } = (data ?? {}) as { size?: number; byteLength?: number }
  return size ?? byteLength
}

/**
 * An adapter function of the user's own may follow redirects, and take any header but `Authorization` along. That cannot
 * be seen or told from here, so the program's author is told of it, once.
 */
export function warnOfOwnAdapter(): (original: AdapterOption, { headers }: Authorization) => void {
  let isTold = false
  return (original, { headers }) => {
    if (isTold || typeof original !== 'function') return
    const header = Object.keys(headers).find((name) => name !== 'authorization')
    if (header === undefined || OWN.some((name) => original === ownAdapter(name))) return
    isTold = true
    // oxlint-disable-next-line no-console -- there is no event for it, and whoever wrote the adapter must know
    console.warn(
      `Latchkey: the token in "${header}" goes through an adapter function of your own. If it follows redirects, it must not take this header to another host. axios' own adapters, and the bearer scheme, do that by themselves.`,
    )
  }
}

/**
 * Whether axios would take an XMLHttpRequest although fetch can be told not to follow redirects: in pages. React Native's
 * fetch is an XMLHttpRequest itself, so there the choice stays axios' own.
 */
const fetchIsSafer = () => typeof XMLHttpRequest !== 'undefined' && 'redirect' in Request.prototype

const hasOtherSecrets = ({ sensitiveHeaders = [] }: InternalAxiosRequestConfig) =>
  sensitiveHeaders.some((name) => name !== 'authorization')

/**
 * Puts the caller's own config back, and hides the raw request: its headers hold the token, or its
 * connection remembers an earlier request whose headers do. A streamed body leads there too, in either direction.
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
