import { isLatchkeyError } from '@latchkey/core'
import { type Authorizer, authorizedFetch, expectManager } from '@latchkey/core/adapter'
import type { Hooks } from 'ky'

/**
 * Creates hooks that keep ky signed in: `ky.extend({ hooks: authHooks(manager) })`.
 *
 * They wrap ky's `fetch` instead of using `ky.retry()`. So a replay does not count for `retry.limit` and works
 * with `retry: 0`, and no other hook sees the first 401. ky's `timeout` includes the wait and the replay. The
 * token is never in a request that ky prints. Extending twice does not add the token twice.
 *
 * If no token can be obtained, the call rejects with a `LatchkeyError`. If a new token did not help, the call ends
 * like any other 401, with the reason as the `cause` of the `HTTPError`.
 *
 * @example
 * const api = ky.extend({ baseUrl: 'https://api.example.com', hooks: authHooks(manager) })
 */
export function authHooks(manager: Authorizer): Hooks {
  expectManager(manager)
  return {
    init: [
      (options) => {
        // An accessor, because a later hook may set another fetch, which then stays signed in as well.
        let send = options.fetch
        Object.defineProperty(options, 'fetch', {
          get: () => authorizedFetch(manager, send, options),
          set(next: typeof send) {
            send = next
          },
          enumerable: true,
          configurable: true,
        })
      },
    ],
    beforeError: [
      ({ error }) => {
        const reason = isLatchkeyError(error) ? undefined : manager.explain(error)
        if (reason && error.cause === undefined) {
          Object.defineProperty(error, 'cause', {
            value: reason,
            configurable: true,
            writable: true,
          })
        }
        return error
      },
    ],
  }
}
