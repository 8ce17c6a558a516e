import { isLatchkeyError } from '@latchkey/core'
import { type Authorizer, authorizedFetch, expectManager } from '@latchkey/core/adapter'
import type { Hooks } from 'ky'

/**
 * Hooks that keep ky signed in: `ky.extend({ hooks: authHooks(manager) })`.
 *
 * The work is done around ky's `fetch`, not with `ky.retry()`: so a replay takes nothing of
 * `retry.limit`, works with `retry: 0`, and no other hook sees the first 401; ky's `timeout` spans the
 * waiting and the replay; and the token is never in a request that ky prints. Extending twice does not
 * inject twice.
 *
 * When no token can be had the call rejects with a `LatchkeyError`. When a new token did not help it
 * ends as any other 401, with the reason as `cause` of the `HTTPError`.
 *
 * @example
 * const api = ky.extend({ baseUrl: 'https://api.example.com', hooks: authHooks(manager) })
 */
export function authHooks(manager: Authorizer): Hooks {
  expectManager(manager)
  return {
    init: [
      (options) => {
        // An accessor, since a hook that comes later may set another one, which is signed in as well.
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
