import { Outgoing } from './authorized-fetch.ts'
import { redirectMode } from './options.ts'
import { follow } from './redirects.ts'
import { leadsOn, markUnwatched } from './response-view.ts'

/**
 * Returns a `send` that follows redirects so that credentials never leave the origin, for clients that set them
 * themselves. At the first redirect to another origin they are removed, and never added again. If a browser hides
 * the redirect, the browser handles `Authorization`, and any other credential is an error.
 *
 * @param send Absent: the platform's own `fetch`, looked up at each call.
 * @param names The credential headers, in lower case. They are read when a request is sent.
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
      : markUnwatched(response)
  }
}
