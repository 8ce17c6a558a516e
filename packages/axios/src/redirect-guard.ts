import { type Authorization, isCredentialDropped, keepWithinOrigin } from '@latchkey/core/adapter'
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios'

/**
 * Keeps what axios' fetch adapter sends within the origin: that adapter ignores `sensitiveHeaders`,
 * so its `fetch` is told. The http adapter is told by that option; an XMLHttpRequest cannot be told.
 */
export interface RedirectGuard {
  /** Names of headers that carried a credential so far, in lower case. */
  secrets: Set<string>
  /** The config's `env`, its `fetch` guarded: the same for the same, since axios keeps an adapter for each one it sees. */
  env(config: InternalAxiosRequestConfig): object
  /** Where an answer came from, after redirects, as far as the adapter tells. */
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
        const credentialDropped = isCredentialDropped(response)
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
      // An XMLHttpRequest hides where a redirect has led meanwhile.
      const { generation } = authorization
      const isMoved =
        generation > 0 && request.responseURL !== authorization.url.href.replace(/#.*/, '')
      return { url: request.responseURL, credentialDropped: isMoved && 'unknown' }
    }
    // The last request of the http adapter: what it carried is what the answer is about.
    const carried = (name: string) => request.getHeader?.(name) !== undefined
    const credentialDropped =
      'getHeader' in request && !Object.keys(authorization.headers).every(carried)
    return { url: request.res?.responseUrl, credentialDropped }
  }

  function env(config: InternalAxiosRequestConfig): object {
    const given = (config as { env?: { fetch?: typeof fetch } }).env
    return { ...given, fetch: guard(given?.fetch) }
  }

  return { secrets, env, about }
}
