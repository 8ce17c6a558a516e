import { type Authorizer, expectManager, isOwnedBy, markOwned } from '@latchkey/core/adapter'
import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios'
import { createAuthorizedAdapter } from './authorized-adapter.ts'
import { markSessions } from './session-mark.ts'
import type { AdapterOption } from './transport.ts'

declare module 'axios' {
  // oxlint-disable-next-line no-explicit-any -- as axios declares it
  interface AxiosRequestConfig<D = any> {
    /** For an instance of `registerAuth()`: true sends this request without a token, without waiting or renewing. */
    skipAuth?: boolean
  }
}

/**
 * What is needed of an axios instance. Written out, since an instance of another copy of axios, or of
 * its CommonJS types (as in nocodb-sdk), is of another type to TypeScript.
 */
export interface AxiosLike<Config> {
  /** As in axios. */
  interceptors: {
    /** As in axios. */
    request: {
      /** Adds an interceptor. Gives its number. */
      use(
        onFulfilled: (config: Config) => Config,
        onRejected: null,
        options: { synchronous: boolean },
      ): number
      /** Takes an interceptor out. */
      eject(id: number): void
    }
  }
}

/**
 * Keeps an axios instance signed in: `registerAuth(axios.create({ baseURL }), manager)`.
 *
 * The work is done around the instance's adapter, whichever that is: so your own interceptors and
 * `transformRequest` run once, a replay sends the same bytes, and the token is never in a config that
 * an error prints. Registering twice does not inject twice.
 *
 * When no token can be had the request rejects with an `AxiosError` whose `code` tells why, and whose `cause` is the
 * `LatchkeyError`. When a new token did not help it ends as any other 401, with the reason as `cause` of the
 * `AxiosError`; `manager.explain(response)`
 * tells it when `validateStatus` lets the 401 pass.
 *
 * An XMLHttpRequest follows redirects by itself and takes a token in any header but `Authorization`
 * along, to whichever server allows it. So in a browser such a token goes by axios' fetch adapter, which
 * refuses such a redirect (`ERR_REDIRECT_REFUSED`). Asked for `adapter: 'xhr'` by name, the request
 * rejects with `ERR_UNSAFE_TRANSPORT` before anything is sent.
 *
 * @returns Takes the registration back. Requests already under way are not disturbed.
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
  const id = instance.interceptors.request.use(
    (config) => {
      const own = config as InternalAxiosRequestConfig
      // A config sent again (by axios-retry, say) still has the adapter that it was given here.
      if (isOwnedBy(own.adapter, manager)) return config
      if (!adapter || !isSame(original, own.adapter)) {
        original = own.adapter
        adapter = markOwned(adapterFor(original), manager)
      }
      own.adapter = adapter
      return config
    },
    null,
    { synchronous: true },
  )
  const stopMarking = markSessions(instance.interceptors.request, manager)
  return () => {
    instance.interceptors.request.eject(id)
    stopMarking()
  }
}

/** axios copies a list of adapters for every request. */
function isSame(a: AdapterOption, b: AdapterOption): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b
  return a.length === b.length && a.every((one, at) => one === b[at])
}
