import { type Authorizer, isOwnedBy, markOwned } from '@latchkey/core'
import type { AxiosInstance } from 'axios'
import { authorizedAdapter } from './authorized-adapter.ts'
import { createSending } from './sending.ts'

/**
 * Keeps an axios instance signed in: `registerAuth(axios.create({ baseURL }), manager)`.
 *
 * The work is done around the instance's adapter, whichever that is: so your own interceptors and
 * `transformRequest` run once, a replay sends the same bytes, and the token is never in a config that
 * an error prints. Registering twice does not inject twice.
 *
 * When no token can be had the request rejects with a `LatchkeyError`. When a new token did not help it
 * ends as any other 401, with the reason as `cause` of the `AxiosError`; `manager.explain(response)`
 * tells it when `validateStatus` lets the 401 pass.
 *
 * @returns Takes the registration back. Requests already under way are not disturbed.
 *
 * @example
 * const api = axios.create({ baseURL: 'https://api.example.com' })
 * const unregister = registerAuth(api, manager)
 */
export function registerAuth(instance: AxiosInstance, manager: Authorizer): () => void {
  const sending = createSending()
  const id = instance.interceptors.request.use(
    (config) => {
      // A config sent again (by axios-retry, say) still has the adapter that it was given here.
      if (isOwnedBy(config.adapter, manager)) return config
      const adapter = authorizedAdapter(manager, sending, config.adapter)
      config.adapter = markOwned(adapter, manager)
      return config
    },
    null,
    { synchronous: true },
  )
  return () => instance.interceptors.request.eject(id)
}
