import {
  Authorization,
  type AuthorizeRequest,
  CREDENTIAL_HEADERS,
  Target,
} from './authorization.ts'
import { isLatchkeyError, LatchkeyError, withoutSecrets } from '../errors.ts'
import { createExplanations, type Explanations, explanation } from './explanations.ts'
import type { TokenManagerOptions } from '../manager-options.ts'
import { nearestOrigin, parseUrl } from '../origin.ts'
import { COOL_DOWN_MS, MAX_COOL_DOWN_MS, type Session } from './refresh-policy.ts'
import { isInsideRenewal, peekSession, type Renewal } from './renewal.ts'
import { boundedView, isCredentialDropped, type ResponseView } from '../fetch/response-view.ts'
import { endSession, sessionChanged, storeSession } from './session-state.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { secretsOf } from '../token-set.ts'
import type { MaybePromise } from '../store/token-store.ts'
import { untilAborted } from '../waiting.ts'

/**
 * How an adapter asks what to do about a response.
 *
 * @group For adapters and services
 */
export interface RecoverOptions {
  /** Ends this caller's waiting only, with its own reason. */
  signal?: AbortSignal | null | undefined
  /** False: the body cannot be sent a second time, so at most the token is renewed. Default: true. */
  replayable?: boolean
}

/**
 * The whole of what an adapter needs of a manager.
 *
 * @group For adapters and services
 */
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
  /**
   * The reason behind a response or a client's error, or behind its `cause`; `undefined` when no token of
   * ours was sent, or the answer was not about it. Asks nobody.
   *
   * @example
   * const response = await fetch('https://api.example.com/items')
   * console.log(response.status, manager.explain(response)?.code)
   */
  explain(responseOrError: unknown): LatchkeyError | undefined
}

/**
 * Nothing, when `manager` is one.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` when it is none, before a request is sent bare.
 * @group For adapters and services
 */
export function expectManager(manager: Authorizer): void {
  const given: Partial<Authorizer> | undefined = manager
  if (typeof given?.authorize === 'function' && typeof given.recover === 'function') return
  throw new LatchkeyError(
    'ERR_INVALID_OPTION',
    '`manager` must come from createTokenManager() or from a service such as nocodb().',
  )
}

/** What the two calls of the waist work on. */
interface Waist {
  renewal: Renewal
  explanations: Explanations
  /** A usable session, however it has to be obtained. */
  obtain(): Promise<Session>
}

/** Makes the two calls of the waist for one manager. */
export function createAuthorizer(renewal: Renewal, obtain: () => Promise<Session>): Authorizer {
  const waist: Waist = { renewal, obtain, explanations: createExplanations() }
  return {
    authorize: (request) => authorize(waist, request),
    recover: (authorization, response, options) =>
      recover(waist, authorization, response, options ?? {}),
    explain: waist.explanations.find,
  }
}

function authorize(waist: Waist, request: AuthorizeRequest): MaybePromise<Authorization> {
  const { renewal } = waist
  const { options } = renewal.keeper
  const { headers, signal } = request
  const target = new Target(request.url, request.method)
  if (
    !target.isAt(options.origins) ||
    (headers && carriesCredential(options.scheme, headers)) ||
    options.skipAuth?.(target) ||
    isInsideRenewal(renewal, signal)
  ) {
    return bare(target)
  }
  const session = peekSession(renewal)
  if (session) return seal(waist, session, target, 1, headers)
  return untilAborted(waist.obtain(), signal).then((obtained) =>
    seal(waist, obtained, target, 1, headers),
  )
}

type OwnHeaders = AuthorizeRequest['headers']

/** A credential of the caller's own wins, also over one that would have to be obtained first. */
function carriesCredential({ header }: Scheme, own: NonNullable<OwnHeaders>): boolean {
  return CREDENTIAL_HEADERS.some((name) => own.has(name)) || (!!header && own.has(header))
}

/** The session's headers for one attempt; none when the caller has set one of them. */
function seal(
  waist: Waist,
  session: Session,
  target: Target,
  attempt: number,
  own?: OwnHeaders,
): MaybePromise<Authorization> {
  const made = headersFor(waist.renewal.keeper.options.scheme, session, target)
  return made instanceof Promise
    ? made.then((headers) => sealed(headers, session, target, attempt, own))
    : sealed(made, session, target, attempt, own)
}

/** @throws {LatchkeyError} `ERR_SCHEME_FAILED`, or the scheme's own LatchkeyError. */
function headersFor(scheme: Scheme, session: Session, target: Target): MaybePromise<Sealed> {
  if (session.headers) return session.headers
  const fail = (error: unknown) => {
    if (isLatchkeyError(error)) throw error
    throw explanation.schemeFailed(withoutSecrets(error, secretsOf(session.tokens)))
  }
  try {
    const made = scheme.headers(session.tokens, target)
    if (made instanceof Promise) return made.then(toRecord).catch(fail)
    if (!scheme.static) return toRecord(made)
    session.headers = Object.freeze({ ...toRecord(made) })
    return session.headers
  } catch (error) {
    return fail(error)
  }
}

type Sealed = Readonly<Record<string, string>>

function sealed(
  headers: Sealed,
  session: Session,
  target: Target,
  attempt: number,
  own: OwnHeaders,
): Authorization {
  if (own && Object.keys(headers).some((name) => own.has(name))) return bare(target)
  return new Authorization(headers, target, session, attempt)
}

const NO_SESSION = { generation: 0, epoch: 0, static: true }

const bare = (target: Target) => new Authorization({}, target, NO_SESSION, 1)

/**
 * Schemes mostly give a plain object of lower-case names, which needs no `Headers` on the way. What no header can
 * carry is refused here: a client would print it.
 */
function toRecord(init: HeadersInit): Sealed {
  const isRecord = !Array.isArray(init) && !(init instanceof Headers)
  const isPlain = isRecord && Object.keys(init).every((name) => name === name.toLowerCase())
  const headers = isPlain ? init : Object.fromEntries(new Headers(init))
  if (Object.values(headers).every((value) => SENDABLE.test(value))) return headers
  throw new TypeError('A header has a value that cannot be sent.')
}

/** RFC 9110 section 5.5, as clients have it. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/

function recover(
  waist: Waist,
  authorization: Authorization,
  response: ResponseView | Response,
  options: RecoverOptions,
): MaybePromise<Authorization | undefined> {
  const { isTokenRejected } = waist.renewal.keeper.options
  if (!isTokenRejected && response.status !== 401) return undefined
  if (authorization.generation === 0) return explainBare(waist, response)
  if (isCredentialDropped(response)) return undefined
  const verdict = !isTokenRejected || isRejected(isTokenRejected, response, authorization.target)
  if (verdict === false) return undefined
  const act = () => replay(waist, authorization, response, options)
  return verdict === true ? act() : verdict.then((rejected) => (rejected ? act() : undefined))
}

/** A 401 where no token was sent. Where the address is nearly ours, somebody wonders why. */
function explainBare(waist: Waist, response: ResponseView | Response): undefined {
  const url = response.status === 401 ? parseUrl(response.url) : undefined
  const meant = url && nearestOrigin(waist.renewal.keeper.options.origins, url)
  if (meant) waist.explanations.add(response, explanation.otherOrigin(url, meant))
}

/** A predicate that throws tells nothing: the status decides. */
function isRejected(
  isTokenRejected: NonNullable<TokenManagerOptions['isTokenRejected']>,
  response: ResponseView | Response,
  requested: Target,
): MaybePromise<boolean> {
  const byStatus = response.status === 401
  try {
    const verdict: unknown = isTokenRejected(boundedView(response, requested))
    return verdict instanceof Promise ? verdict.then(Boolean, () => byStatus) : Boolean(verdict)
  } catch {
    return byStatus
  }
}

/** The token was rejected: what now? Either an authorization to send again with, or a reason not to. */
async function replay(
  waist: Waist,
  authorization: Authorization,
  response: ResponseView | Response,
  { signal, replayable = true }: RecoverOptions,
): Promise<Authorization | undefined> {
  const { state, events, options } = waist.renewal.keeper
  const { epoch, target } = authorization
  const { url, method } = target
  const from = response.url ? parseUrl(response.url, url.href) : url
  if (!from || !new Target(from, method).isAt(options.origins)) return undefined // a redirect's target spoke
  const leave = (reason: LatchkeyError): undefined => waist.explanations.add(response, reason)
  const reason = whyNotRenew(waist, authorization)
  if (reason) return leave(reason)
  const obtained = waist.obtain()
  if (!replayable) {
    obtained.catch(() => undefined) // the next request profits; a failure has its event
    return leave(explanation.oneShotBody())
  }
  try {
    const session = await untilAborted(obtained, signal)
    if (epoch !== state.epoch) return leave(sessionChanged())
    const next = await seal(waist, session, target, authorization.attempt + 1)
    const { generation } = session
    const where = url.origin + url.pathname
    events.emit('retried', { at: options.clock.now(), generation, method, url: where })
    signal?.throwIfAborted() // by a listener, or while the scheme was signing
    return next
  } catch (error) {
    signal?.throwIfAborted()
    return leave(error as LatchkeyError)
  }
}

/** Why a renewal cannot help a rejected request. If it can, the session is marked as rejected. */
function whyNotRenew(waist: Waist, authorization: Authorization): LatchkeyError | undefined {
  const { keeper } = waist.renewal
  const { state, options } = keeper
  const { generation, attempt, epoch } = authorization
  const { session, refused } = state
  const now = options.clock.now()
  const isCurrent = session?.generation === generation
  if (session?.static) return explanation.staticToken()
  if (session && epoch !== state.epoch) return sessionChanged()
  if (attempt > 1) {
    if (isCurrent && options.whenRefused === 'end') {
      endSession(keeper, 'rejected')
      void storeSession(keeper)
    } else if (isCurrent) {
      const isAgain = refused?.generation === generation - 1
      const coolDownMs = isAgain ? Math.min(refused.coolDownMs * 2, MAX_COOL_DOWN_MS) : COOL_DOWN_MS
      state.refused = { generation, until: now + coolDownMs, coolDownMs }
    }
    return explanation.freshToken()
  }
  if (!isCurrent) return undefined // a late 401: there may be a newer token already
  if (refused?.generation === generation && now < refused.until) return explanation.freshToken()
  session.rejected = true
  return undefined
}
