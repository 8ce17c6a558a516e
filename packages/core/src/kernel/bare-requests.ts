import type { LatchkeyError } from '../errors.ts'
import type { ResponseView } from '../fetch/response-view.ts'
import type { Passage } from '../grant/inside.ts'
import { nearestOrigin, parseUrl } from '../origin.ts'
import { callersCredential, otherOrigin } from '../texts.ts'
import { Authorization, type Target } from './authorization.ts'

const NO_SESSION = { generation: 0, epoch: 0, permanent: true }

/** Returns an authorization that adds nothing to the request. */
export const bare = (target: Target, attempt = 1) =>
  new Authorization({}, target, NO_SESSION, attempt)

/** A request that was taken for a grant's own: that grant's work, and the session of the request. */
interface OfGrant {
  passage: Passage
  epoch: number
}

/** Remembers why a request went out without a token. The reason is needed if the server answers with a 401. */
export class BareRequests {
  #ofGrants: WeakMap<Authorization, OfGrant> | undefined = undefined
  /** Requests that carry a credential of the caller's, with the name of its header. */
  #callers: WeakMap<Authorization, string> | undefined = undefined
  #isTold = false

  /** Records a request that appears to be a grant's own. */
  ofGrant(target: Target, of: OfGrant): Authorization {
    const authorization = bare(target)
    this.#ofGrants ??= new WeakMap()
    this.#ofGrants.set(authorization, of)
    return authorization
  }

  /** Records a request with the caller's own credential, which may be left over from before the manager was added. */
  withCredential(target: Target, header: string): Authorization {
    const authorization = bare(target)
    this.#callers ??= new WeakMap()
    this.#callers.set(authorization, header)
    if (!this.#isTold) tellInDevelopment(header)
    this.#isTold = true
    return authorization
  }

  /** Returns the grant's work that this request was taken for, if that work has ended since. */
  mistakenFor(authorization: Authorization): OfGrant | undefined {
    const of = this.#ofGrants?.get(authorization)
    return of && !of.passage.isOpen ? of : undefined
  }

  /** Returns why no token was sent, if that may be a mistake. */
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
 * Warns the programmer, in development only, that a header keeps the token away. The header may be left over from
 * before the manager was added. The manager renews nothing for such requests.
 */
function tellInDevelopment(header: string): void {
  if (!isDevelopment()) return
  // oxlint-disable-next-line no-console -- the programmer must see it, and it has no event
  console.warn(`Latchkey: ${callersCredential(header).message} (Shown once, in development only.)`)
}

declare const process: { env: { NODE_ENV?: string } }

/** Whether the program runs in development, as bundlers and test runners define it. */
function isDevelopment(): boolean {
  try {
    return process.env.NODE_ENV === 'development' // a bundler writes its value here
  } catch {
    return false
  }
}
