import { type Authorization, type Authorizer, expectManager } from '../kernel/authorization.ts'
import { isThenable } from '../waiting.ts'
import { type FetchInput, type Given, Outgoing } from './outgoing.ts'
import { follow, isBrowser, leadsOn, redirectMode } from './redirects.ts'
import { untilBodyFails } from './replayable.ts'
import { letGo, markCredentialDropped, mayBeStored, readingAhead } from './response-view.ts'

/** Where a wrapped fetch tells whose it is. Registered, so that two copies of core agree. */
const ownerKey = Symbol.for('latchkey.owner')

/**
 * A `fetch` that keeps `manager` signed in: the loop that every fetch-style client shares.
 *
 * @param send What really sends. Absent: the platform's own `fetch`, looked up at each call. Already
 *   wrapped for the same manager, it is returned as it is.
 * @param given What the caller gave, where a client makes Requests of it: its body tells whether it
 *   can be sent again, its signal whose request it is.
 * @group For adapters and services
 */
export function authorizedFetch(
  manager: Authorizer,
  send?: typeof fetch,
  given?: Given,
): typeof fetch {
  expectManager(manager)
  if (send && isOwnedBy(send, manager)) return send
  const wrapped = async (input: FetchInput, init?: RequestInit): Promise<Response> => {
    const sender = send ?? globalThis.fetch
    const request = new Outgoing(input, init, send !== undefined, given)
    const asked = manager.authorize(request)
    if (isThenable(asked)) request.hold()
    let authorization = isThenable(asked) ? await untilBodyFails(asked, request.body) : asked
    try {
      for (;;) {
        const response = await sendOnce(sender, request, authorization)
        const decision = manager.recover(authorization, response, request)
        const next = isThenable(decision) ? await readingAhead(response, decision) : decision
        if (!next) return response
        if (mayBeStored(response.headers)) request.cache = 'no-store'
        letGo(response)
        authorization = next
      }
    } finally {
      request.release()
    }
  }
  return markOwned(wrapped, manager)
}

/** One attempt, redirects included. */
async function sendOnce(
  sender: typeof fetch,
  request: Outgoing,
  { generation, attempt, headers, renewable }: Authorization,
): Promise<Response> {
  if (generation === 0 && attempt === 1) return sender(...request.asGiven())
  const mode = redirectMode(request, headers, renewable)
  const isOurs = mode !== request.redirect
  const response = await sender(...request.next(headers, mode, renewable || isOurs))
  if (isOurs && leadsOn(response)) return follow(sender, request, headers, response, renewable)
  if (response.redirected && isBrowser()) markCredentialDropped(response, 'unknown')
  return response
}

/**
 * Marks `wrapper` as `manager`'s, so that attaching twice does not inject twice.
 *
 * @group For adapters and services
 */
export function markOwned<T extends object>(wrapper: T, manager: Authorizer): T {
  return Object.defineProperty(wrapper, ownerKey, { value: manager })
}

/**
 * Whether `value` is a wrapper that already serves `manager`.
 *
 * @group For adapters and services
 */
export function isOwnedBy(value: unknown, manager: Authorizer): boolean {
  return typeof value === 'function' && (value as { [ownerKey]?: Authorizer })[ownerKey] === manager
}
