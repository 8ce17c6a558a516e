import { type Authorization, bodyFactory, keepWithinOrigin, parseUrl } from '@latchkey/core'
import axios, {
  Axios,
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios'

export type AdapterOption = InternalAxiosRequestConfig['adapter']

/** What came of one attempt: with `error`, axios rejected it; without `response`, nobody answered. */
export interface Outcome {
  response?: AxiosResponse | undefined
  error?: unknown
}

/** Sends single attempts for one registration, keeping the token out of everything axios shows. */
export function createSending() {
  const urls = new Axios({})
  const fetchAdapter = axios.getAdapter('fetch')
  /** The headers that carried a credential so far. */
  const secrets = new Set<string>()
  const finalUrls = new WeakMap<object, string>()
  /** One guard for each `fetch`: axios keeps an adapter for every function it has ever seen. */
  const guards = new Map<unknown, typeof fetch>()

  /** The URL axios will request; `undefined` when it is none, which axios had better say itself. */
  function resolve(config: InternalAxiosRequestConfig): URL | undefined {
    const { url, baseURL, allowAbsoluteUrls } = config
    const full = urls.getUri({ url, baseURL, allowAbsoluteUrls } as InternalAxiosRequestConfig)
    return parseUrl(full, globalThis.location?.href)
  }

  const adapterOf = (original: AdapterOption, config: InternalAxiosRequestConfig): AxiosAdapter => {
    const option = original === fetchAdapter ? 'fetch' : (original ?? axios.defaults.adapter)
    return (axios.getAdapter as (option: unknown, config: unknown) => AxiosAdapter)(option, config)
  }

  const bare = (original: AdapterOption, config: InternalAxiosRequestConfig) =>
    adapterOf(original, config)(config)

  /** The fetch adapter ignores `sensitiveHeaders`, so its `fetch` is told. */
  function guardOf(send: typeof fetch | undefined): typeof fetch {
    let guard = guards.get(send)
    if (!guard) {
      const plain: typeof fetch = send ?? ((input, init) => globalThis.fetch(input, init))
      const careful = keepWithinOrigin(plain, secrets)
      guard = async (input, init) => {
        const response = await careful(input, init)
        if (typeof input === 'object' && response.redirected) finalUrls.set(input, response.url)
        return response
      }
      guards.set(send, guard)
    }
    return guard
  }

  async function attempt(
    original: AdapterOption,
    config: InternalAxiosRequestConfig,
    authorization: Authorization,
    timeout: number,
  ): Promise<Outcome> {
    const headers = new AxiosHeaders(config.headers)
    for (const [name, value] of Object.entries(authorization.headers)) {
      headers.set(name, value)
      secrets.add(name)
    }
    const factory = authorization.attempt > 1 ? bodyFactory(config.data) : undefined
    const { env } = config as { env?: { fetch?: typeof fetch } }
    // Without a prototype: a polluted one must not reach axios through our copy.
    const mine: InternalAxiosRequestConfig = Object.assign(Object.create(null), config, {
      headers,
      timeout,
      sensitiveHeaders: [...(config.sensitiveHeaders ?? []), ...secrets],
      env: { ...env, fetch: guardOf(env?.fetch) },
      ...(factory && { data: factory() }),
    })
    try {
      const response = await adapterOf(original, mine)(mine)
      return { response: restore(response, config) }
    } catch (error) {
      if (!isAxiosError(error)) return { error }
      restore(error, config)
      if (error.response) restore(error.response, config)
      return { error, response: error.response }
    }
  }

  /** Where the answer came from, after redirects, as far as the adapter tells. */
  function finalUrl({ request }: AxiosResponse): string | undefined {
    if (typeof request !== 'object' || request === null) return undefined
    const url = request.res?.responseUrl ?? request.responseURL ?? finalUrls.get(request)
    return url || undefined
  }

  return { resolve, bare, attempt, finalUrl }
}

export type Sending = ReturnType<typeof createSending>

/** Puts the caller's own config back, and hides the raw request, whose headers hold the token. */
function restore<T extends { config?: unknown; request?: unknown }>(
  result: T,
  config: InternalAxiosRequestConfig,
): T {
  result.config = config
  if (result.request) {
    Object.defineProperty(result, 'request', {
      value: result.request,
      enumerable: false,
      configurable: true,
      writable: true,
    })
  }
  return result
}
