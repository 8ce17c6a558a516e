import { type Authorizer, expectManager, isOwnedBy, markOwned } from '@latchkey/core/adapter'
import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios'
import { createAuthorizedAdapter } from './authorized-adapter.ts'
import { surround } from './session-mark.ts'
import type { AdapterOption } from './transport.ts'

declare module 'axios' {
  // oxlint-disable-next-line no-explicit-any -- as axios declares it
  interface AxiosRequestConfig<D = any> {
    /** For an instance of `registerAuth()`. True: send this request without a token, and do not wait or renew. */
    skipAuth?: boolean
  }
}

/**
 * The parts of an axios instance that are used here. TypeScript treats an instance from another copy of axios, or
 * from its CommonJS types (as in nocodb-sdk), as a different type, so they are written out.
 */
export interface AxiosLike<Config> {
  /** As in axios. */
  interceptors: {
    /** As in axios. */
    request: {
      /** Adds an interceptor. Returns its number. */
      use(
        onFulfilled: (config: Config) => Config,
        onRejected: null,
        options: { synchronous: boolean },
      ): number
      /** Removes an interceptor. */
      eject(id: number): void
    }
  }
}

/**
 * Keeps an axios instance signed in: `registerAuth(axios.create({ baseURL }), manager)`.
 *
 * It wraps the instance's adapter. So your own interceptors and `transformRequest` run once, a replay sends the
 * same bytes, and the token is never in a config that an error prints. Registering twice does not add the token
 * twice.
 *
 * If no token can be obtained, the request rejects with an `AxiosError`. Its `code` names the reason and its
 * `cause` is the `LatchkeyError`. If a new token did not help, the request ends like any other 401, with the
 * reason as the `cause` of the `AxiosError`. If `validateStatus` accepts the 401, `manager.explain(response)`
 * returns the reason.
 *
 * An XMLHttpRequest follows redirects by itself. It sends a token in any header but `Authorization` along, to
 * every server that allows it. So in a browser, requests with such a token use axios' fetch adapter, which refuses
 * such a redirect (`ERR_REDIRECT_REFUSED`). With `adapter: 'xhr'`, the request rejects with `ERR_UNSAFE_TRANSPORT`
 * before it is sent.
 *
 * @returns A function that removes the registration. Requests in progress continue unchanged.
 *
 * @example
 * const api = axios.create({ baseURL: 'https://api.example.com' })
 * const unregister = registerAuth(api, manager)
 */
export function registerAuth<Config>(instance: AxiosLike<Config>, manager: Authorizer): () => void {
  expectManager(manager)
  const adapterFor = createAuthorizedAdapter(manager)
  let original: AdapterOption
  let adapter: AxiosAdapter | undefined
  const wrap = <Own extends Pick<InternalAxiosRequestConfig, 'adapter'>>(config: Own): Own => {
    // A config that is sent again (by axios-retry, for example) still has the adapter from here.
    if (isOwnedBy(config.adapter, manager)) return config
    if (!adapter || !isSame(original, config.adapter)) {
      original = config.adapter
      adapter = markOwned(adapterFor(original), manager, original)
    }
    return Reflect.set(config, 'adapter', adapter) ? config : { ...config, adapter } // it may be frozen
  }
  const { request } = instance.interceptors
  const id = request.use((config) => wrap(config as object) as Config, null, { synchronous: true })
  const stopSurrounding = surround(request, manager, wrap)
  return () => {
    request.eject(id)
    stopSurrounding()
  }
}

/** Compares two adapters. Lists are compared by content, because axios copies them for every request. */
function isSame(a: AdapterOption, b: AdapterOption): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b
  return a.length === b.length && a.every((one, at) => one === b[at])
}
