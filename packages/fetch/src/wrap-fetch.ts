import { type Authorizer, authorizedFetch, expectKnown } from '@latchkey/core/adapter'

declare global {
  interface RequestInit {
    /** For a `fetch` from `wrapFetch()`. True: send this request without a token, and do not wait or renew. */
    skipAuth?: boolean
  }
}

/**
 * Creates a `fetch` that stays signed in: `const api = wrapFetch(manager)`.
 *
 * Requests to the manager's origins receive the token. If the server answers with a 401, one renewal serves all
 * requests, and the request is sent again, once. Requests to other origins pass unchanged. Wrapping twice does not
 * add the token twice.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` if `manager` is not a manager, or the options are not an object.
 * @param options.fetch The `fetch` that sends the requests. Default: the global `fetch`, looked up at each call.
 * @returns A replacement for `fetch`. It rejects with a `LatchkeyError` when no token can be obtained. If a new
 *   token did not help, it returns the server's 401, and `manager.explain(response)` returns the reason.
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
