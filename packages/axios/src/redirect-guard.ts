import { keepWithinOrigin } from '@latchkey/core'
import type { AxiosResponse } from 'axios'

/**
 * Keeps what axios' fetch adapter sends within the origin: that adapter ignores `sensitiveHeaders`,
 * so its `fetch` is told. The http adapter is told by that option; an XMLHttpRequest cannot be told.
 */
export interface RedirectGuard {
  /** Names of headers that carried a credential so far, in lower case. */
  secrets: Set<string>
  /** `send`, guarded; the same for the same, since axios keeps an adapter for each one it sees. */
  guard(send: typeof fetch | undefined): typeof fetch
  /** Where the answer came from, after redirects, as far as the adapter tells. */
  finalUrl(response: AxiosResponse): string | undefined
}

export function createRedirectGuard(): RedirectGuard {
  const secrets = new Set<string>()
  const guarded = new Map<typeof fetch | undefined, typeof fetch>()
  const finalUrls = new WeakMap<object, string>()

  function guard(send: typeof fetch | undefined): typeof fetch {
    const known = guarded.get(send)
    if (known) return known
    const plain: typeof fetch = send ?? ((input, init) => globalThis.fetch(input, init))
    const careful = keepWithinOrigin(plain, secrets)
    const made: typeof fetch = async (input, init) => {
      const response = await careful(input, init)
      if (typeof input === 'object' && response.redirected) finalUrls.set(input, response.url)
      return response
    }
    guarded.set(send, made)
    return made
  }

  function finalUrl({ request }: AxiosResponse): string | undefined {
    if (typeof request !== 'object' || request === null) return undefined
    return request.res?.responseUrl || request.responseURL || finalUrls.get(request)
  }

  return { secrets, guard, finalUrl }
}
