import { type Authorizer, authorizedFetch, expectKnown } from '@latchkey/core/adapter'

declare global {
  interface RequestInit {
    /** For a `fetch` of `wrapFetch()`: true sends this request without a token, without waiting or renewing. */
    skipAuth?: boolean
  }
}

/**
 * A `fetch` that stays signed in: `const api = wrapFetch(manager)`.
 *
 * Requests to the manager's origins get the token; a 401 for it renews once for everybody and sends
 * the request again, once; other requests pass untouched. Wrapping twice does not inject twice.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` for what is no manager, or no options.
 * @param options.fetch What really sends. Default: the global `fetch`, looked up at each call.
 * @returns A drop-in `fetch`. It rejects with a `LatchkeyError` when no token can be had, and gives the
 *   server's own 401 when a new token did not help; `manager.explain(response)` then says why.
 *
 * @example
 * const api = wrapFetch(manager)
 * const response = await api('https://api.example.com/items')
 */
export function wrapFetch(
  manager: Authorizer,
  options: { fetch?: typeof fetch } = {},
): typeof fetch {
  expectKnown(options, { fetch: true })
  return authorizedFetch(manager, options.fetch)
}
