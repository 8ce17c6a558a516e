import { Outgoing } from './authorized-fetch.ts'
import { redirectMode } from './options.ts'
import { follow } from './redirects.ts'
import { leadsOn } from './response-view.ts'

/**
 * `send`, made to follow redirects so that credentials never leave the origin, for clients that set them
 * themselves: they are dropped at the first foreign hop, for good. Where a browser hides the redirect,
 * `Authorization` alone is left to the browser, and anything else is refused.
 *
 * @param send Absent: the platform's own `fetch`, looked up at each call.
 * @param names The credential headers, in lower case; looked at when a request is sent.
 * @throws {LatchkeyError} `ERR_REDIRECT_REFUSED`, from the `fetch` that is returned.
 * @group For adapters and services
 */
export function keepWithinOrigin(
  send: typeof fetch | undefined,
  names: Iterable<string>,
): typeof fetch {
  return async (input, init) => {
    const sender = send ?? globalThis.fetch
    const request = new Outgoing(input, init, send !== undefined)
    const own = [...names].map((name) => [name, request.header(name)] as const)
    const credentials = Object.fromEntries(
      own.filter((one): one is [string, string] => one[1] !== undefined),
    )
    const mode = redirectMode(request.redirect, credentials, true)
    const isOurs = mode === 'manual' && request.redirect === 'follow'
    const response = await sender(...request.next(credentials, mode, isOurs))
    return isOurs && leadsOn(response)
      ? follow(sender, request, credentials, response, false)
      : response
  }
}
