import type { ResponseView } from '@latchkey/core'
import { type Authorization, keepWithinOrigin } from '@latchkey/core/adapter'
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios'

/**
 * Keeps credentials within the origin when axios follows redirects. The fetch adapter ignores `sensitiveHeaders`,
 * so its `fetch` is replaced. The http adapter observes that option. An XMLHttpRequest cannot be controlled.
 */
export interface RedirectGuard {
  /** Names of headers that have carried a credential, in lower case. */
  secrets: Set<string>
  /**
   * Returns the config's `env` with a guarded `fetch`. Always the same object, because axios keeps an adapter for
   * each one.
   */
  env(config: InternalAxiosRequestConfig): object
  /** Returns where an answer came from, after redirects, as far as the adapter reports it. */
  about(response: AxiosResponse, authorization: Authorization): Journey
}

interface Journey {
  url?: string | undefined
  credentialDropped: boolean | 'unknown'
}

const UNKNOWN: Journey = { credentialDropped: false }

export function createRedirectGuard(): RedirectGuard {
  const secrets = new Set<string>()
  const guarded = new WeakMap<object, typeof fetch>()
  const journeys = new WeakMap<object, Journey>()

  function guard(send: typeof fetch | undefined): typeof fetch {
    const known = guarded.get(send ?? guarded)
    if (known) return known
    const careful = keepWithinOrigin(send, secrets)
    const made: typeof fetch = async (input, init) => {
      const response = await careful(input, init)
      if (typeof input === 'object' && response.redirected) {
        const { credentialDropped = false } = response as Partial<ResponseView>
        journeys.set(input, { url: response.url, credentialDropped })
      }
      return response
    }
    guarded.set(send ?? guarded, made)
    return made
  }

  function about({ request }: AxiosResponse, authorization: Authorization): Journey {
    if (typeof request !== 'object' || request === null) return UNKNOWN
    const followed = journeys.get(request)
    if (followed) return followed
    if (request.responseURL) {
      // An XMLHttpRequest hides the redirects that it followed.
      const { generation } = authorization
      const isMoved =
        generation > 0 && request.responseURL !== authorization.url.href.replace(/#.*/, '')
      return { url: request.responseURL, credentialDropped: isMoved && 'unknown' }
    }
    // The http adapter's last request: the answer is about the headers that it carried.
    const carried = (name: string) => request.getHeader?.(name) !== undefined
    const credentialDropped =
      'getHeader' in request && !Object.keys(authorization.headers).every(carried)
    // A socket's path has no host, so the address that is reported then is none.
    const url = request.socketPath ? undefined : request.res?.responseUrl
    return { url, credentialDropped }
  }

  function env(config: InternalAxiosRequestConfig): object {
    const given = (config as { env?: { fetch?: typeof fetch } }).env
    if (given?.fetch && typeof given.fetch !== 'function') return given // axios refuses it
    return { ...given, fetch: guard(given?.fetch) }
  }

  return { secrets, env, about }
}
