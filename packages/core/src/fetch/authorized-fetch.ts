import { type Authorizer, expectManager } from '../kernel/authorization.ts'
import { type FetchInput, type Given, outgoing } from './outgoing.ts'
import { firstHop, follow, leadsOn } from './redirects.ts'
import { mayBeStored } from './response-view.ts'

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
    const request = outgoing(input, init, send, given)
    if (!request) return sender(input, init)
    const { signal, replayable } = request
    const asked = manager.authorize(request)
    if (asked instanceof Promise) request.hold()
    let authorization = asked instanceof Promise ? await asked : asked
    if (authorization.generation === 0) {
      const response = await sender(input, init)
      void manager.recover(authorization, response) // tells why no token was sent
      return response
    }
    try {
      for (;;) {
        const { headers, renewable } = authorization
        const hop = firstHop(request, headers, renewable)
        let response = await sender(...request.next(hop, renewable || hop.follows))
        if (leadsOn(response, hop)) {
          response = await follow(sender, request, hop, response, renewable)
        }
        const decision = manager.recover(authorization, response, { signal, replayable })
        const next = decision instanceof Promise ? await decision : decision
        if (!next) return response
        if (mayBeStored(response.headers)) request.cache = 'no-store'
        response.body?.cancel().catch(() => undefined) // broken already, it is done with too
        authorization = next
      }
    } finally {
      request.release()
    }
  }
  return markOwned(wrapped, manager)
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
