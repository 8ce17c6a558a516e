import { Authorization, type AuthorizeRequest, CREDENTIAL_HEADERS } from './authorization.ts'
import { isLatchkeyError, LatchkeyError } from './errors.ts'
import { createExplanations, explanation } from './explanations.ts'
import { COOL_DOWN_MS, type Session } from './refresh-policy.ts'
import type { Renewal } from './renewal.ts'
import { boundedView, type ResponseView } from './response-view.ts'
import { type Keeper, sessionChanged } from './session-state.ts'
import type { MaybePromise } from './token-store.ts'
import { untilAborted } from './waiting.ts'

export interface RecoverOptions {
  signal?: AbortSignal | null | undefined
  /** False: the body cannot be sent a second time, so at most the token is renewed. Default: true. */
  replayable?: boolean
}

/** The whole of what an adapter needs of a manager. */
export interface Authorizer {
  /**
   * What to add to a request before it is sent. Answers at once while the token is fresh; otherwise
   * waits for the renewal everybody shares.
   *
   * @throws {LatchkeyError} when no token can be had, or `signal`'s own reason when it aborts.
   */
  authorize(request: AuthorizeRequest): MaybePromise<Authorization>
  /**
   * What to do about a response. An authorization: send the request again with it, once. `undefined`:
   * the response is the caller's; `explain(response)` tells why when a token was rejected.
   *
   * @throws only `signal`'s own reason.
   */
  recover(
    authorization: Authorization,
    response: ResponseView | Response,
    options?: RecoverOptions,
  ): MaybePromise<Authorization | undefined>
  /** The reason behind a response or a client's error; `undefined` when it was not about a token. */
  explain(responseOrError: unknown): LatchkeyError | undefined
}

/** Makes the two calls of the waist for one manager. */
export function createAuthorizer(
  keeper: Keeper,
  renewal: Renewal,
  obtain: () => Promise<Session>,
): Authorizer {
  const { state, events, options } = keeper
  const { clock, origins, scheme, isTokenRejected, skipAuth } = options
  const explanations = createExplanations()

  function authorize(request: AuthorizeRequest): MaybePromise<Authorization> {
    const url = typeof request.url === 'string' ? new URL(request.url) : request.url
    const { method, headers, signal } = request
    if (
      !isOurs(url) ||
      (headers && CREDENTIAL_HEADERS.some((name) => headers.has(name))) ||
      skipAuth?.({ url, method }) ||
      renewal.isInside(signal)
    ) {
      return bare(url, method)
    }
    const session = renewal.peek()
    if (session) return seal(session, url, method, headers)
    return untilAborted(obtain(), signal).then((obtained) => seal(obtained, url, method, headers))
  }

  /** A `blob:` URL has its page's origin, so the protocol is asked as well. */
  const isOurs = (url: URL) => origins.has(url.origin) && url.protocol.startsWith('http')

  function seal(
    session: Session,
    url: URL,
    method: string,
    own?: { has(name: string): boolean },
    attempt = 1,
  ): MaybePromise<Authorization> {
    const about = {
      generation: session.generation,
      attempt,
      renewable: attempt === 1 && !session.static,
      epoch: state.epoch,
      url,
      method,
    }
    const made = scheme.headers(session.tokens, { url, method })
    const build = (init: HeadersInit) => {
      const headers = toRecord(init)
      const taken = own && Object.keys(headers).some((name) => own.has(name))
      return taken ? bare(url, method) : new Authorization(headers, about)
    }
    return made instanceof Promise ? made.then(build) : build(made)
  }

  function recover(
    authorization: Authorization,
    response: ResponseView | Response,
    { signal, replayable = true }: RecoverOptions = {},
  ): MaybePromise<Authorization | undefined> {
    if (authorization.generation === 0) return undefined
    const verdict = isRejected(response)
    if (verdict === false) return undefined
    const act = () => decide(authorization, response, signal, replayable)
    return verdict === true ? act() : verdict.then((rejected) => (rejected ? act() : undefined))
  }

  /** A predicate that throws tells nothing: the status decides. */
  function isRejected(response: ResponseView | Response): MaybePromise<boolean> {
    const byStatus = response.status === 401
    if (!isTokenRejected) return byStatus
    try {
      const verdict = isTokenRejected(boundedView(response))
      return verdict instanceof Promise ? verdict.catch(() => byStatus) : verdict
    } catch {
      return byStatus
    }
  }

  async function decide(
    authorization: Authorization,
    response: ResponseView | Response,
    signal: AbortSignal | null | undefined,
    replayable: boolean,
  ): Promise<Authorization | undefined> {
    const { generation, attempt, epoch, url, method } = authorization
    if (response.url && !isOurs(new URL(response.url))) return undefined // a redirect's target spoke
    const leave = (reason: LatchkeyError) => void explanations.add(response, reason)
    const { session } = state
    const isCurrent = session?.generation === generation
    if (isCurrent && session.static) return leave(explanation.staticToken())
    if (epoch !== state.epoch && state.session) return leave(sessionChanged())
    if (attempt > 1) {
      if (isCurrent) state.refused = { generation, until: clock.now() + COOL_DOWN_MS }
      return leave(explanation.freshToken())
    }
    if (isCurrent) {
      const { refused } = state
      if (refused?.generation === generation && clock.now() < refused.until) {
        return leave(explanation.freshToken())
      }
      session.rejected = true
    }
    if (!replayable) {
      obtain().catch(() => undefined) // the next request profits; a failure has its event
      return leave(explanation.oneShotBody())
    }
    try {
      const renewed = await untilAborted(obtain(), signal)
      if (epoch !== state.epoch) return leave(sessionChanged())
      events.emit('retried', {
        at: clock.now(),
        generation: renewed.generation,
        method,
        url: url.origin + url.pathname,
      })
      return await seal(renewed, url, method, undefined, attempt + 1)
    } catch (error) {
      signal?.throwIfAborted()
      return leave(isLatchkeyError(error) ? error : sessionChanged())
    }
  }

  return { authorize, recover, explain: explanations.find }
}

function bare(url: URL, method: string): Authorization {
  return new Authorization(
    {},
    { generation: 0, attempt: 1, renewable: false, epoch: 0, url, method },
  )
}

/** Schemes mostly give a plain object, which needs no `Headers` on the way. */
function toRecord(init: HeadersInit): Readonly<Record<string, string>> {
  if (Array.isArray(init) || init instanceof Headers) return Object.fromEntries(new Headers(init))
  return init
}
