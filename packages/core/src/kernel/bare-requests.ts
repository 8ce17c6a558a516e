import type { LatchkeyError } from '../errors.ts'
import type { ResponseView } from '../fetch/response-view.ts'
import type { Passage } from '../grant/inside.ts'
import { nearestOrigin, parseUrl } from '../origin.ts'
import { callersCredential, otherOrigin } from '../texts.ts'
import { Authorization, type Target } from './authorization.ts'

const NO_SESSION = { generation: 0, epoch: 0, permanent: true }

/** Nothing is added to this request. */
export const bare = (target: Target, attempt = 1) =>
  new Authorization({}, target, NO_SESSION, attempt)

/** A request that seemed to be a grant's own: the grant's work, and whose session it was. */
interface OfGrant {
  passage: Passage
  epoch: number
}

/** Requests that go out without a token of ours, and why: asked when one of them comes back with a 401. */
export class BareRequests {
  #ofGrants: WeakMap<Authorization, OfGrant> | undefined = undefined
  /** Those with a credential of the caller's, by the header it is in. */
  #callers: WeakMap<Authorization, string> | undefined = undefined
  #isTold = false

  /** It seems to be a grant's own. */
  ofGrant(target: Target, of: OfGrant): Authorization {
    const authorization = bare(target)
    this.#ofGrants ??= new WeakMap()
    this.#ofGrants.set(authorization, of)
    return authorization
  }

  /** It has a credential of the caller's own: left over, perhaps, from before there was a manager. */
  withCredential(target: Target, header: string): Authorization {
    const authorization = bare(target)
    this.#callers ??= new WeakMap()
    this.#callers.set(authorization, header)
    if (!this.#isTold) tellInDevelopment(header)
    this.#isTold = true
    return authorization
  }

  /** What the grant's work was whose request this seemed to be, if that has ended since. */
  mistakenFor(authorization: Authorization): OfGrant | undefined {
    const of = this.#ofGrants?.get(authorization)
    return of && !of.passage.isOpen ? of : undefined
  }

  /** Why no token was sent, where that may be a mistake. */
  explain(
    authorization: Authorization,
    response: ResponseView | Response,
    origins: ReadonlySet<string>,
  ): LatchkeyError | undefined {
    const own = this.#callers?.get(authorization)
    if (own) return callersCredential(own)
    const url = parseUrl(response.url)
    const meant = url && nearestOrigin(origins, url)
    return url && meant ? otherOrigin(url, meant) : undefined
  }
}

/**
 * Tells the author of a program, in development only, of a header that keeps the token away: it may be left over from
 * before there was a manager, and nothing is renewed for such requests.
 */
function tellInDevelopment(header: string): void {
  if (!isDevelopment()) return
  // oxlint-disable-next-line no-console -- there is no event for it, and whoever writes the program must know
  console.warn(`Latchkey: ${callersCredential(header).message} (Said once, in development.)`)
}

declare const process: { env: { NODE_ENV?: string } }

/** As bundlers and test runners have it. */
function isDevelopment(): boolean {
  try {
    return process.env.NODE_ENV === 'development' // a bundler writes its value here
  } catch {
    return false
  }
}
