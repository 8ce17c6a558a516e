import { isLatchkeyError, type LatchkeyError, withoutSecrets } from '../errors.ts'
import type { Events } from '../events.ts'
import { boundedView, droppedOf, type ResponseView } from '../fetch/response-view.ts'
import type { KernelOptions } from '../manager-options.ts'
import { parseUrl } from '../origin.ts'
import { type RequestHeaders, toRecord } from '../scheme/scheme.ts'
import type { MaybePromise } from '../store/token-store.ts'
import {
  freshToken,
  oneShotBody,
  permanentToken,
  replayTooLate,
  schemeFailed,
  sessionChanged,
} from '../texts.ts'
import { secretsOf } from '../token-set.ts'
import { isThenable, throwIfAborted, untilAborted } from '../waiting.ts'
import {
  Authorization,
  type Authorizer,
  type AuthorizeRequest,
  ownCredential,
  type RecoverOptions,
  Target,
} from './authorization.ts'
import { bare, BareRequests } from './bare-requests.ts'
import { isDue, isSignedOut, type Session, usableSession, whatRejectionMeans } from './decisions.ts'
import { createExplanations } from './explanations.ts'
import { HandedOn } from './handed-on.ts'
import type { Renewal } from './renewal.ts'
import type { SessionState } from './session.ts'

type Answered = ResponseView | Response

/** The state of a request that is sent again. */
interface Again {
  target: Target
  attempt: number
  /** The session that the request belongs to. */
  epoch: number
  answers?: Authorization['answers']
}

/** The two calls of a manager that adapters use: `authorize()` and `recover()`. */
export class KernelAuthorizer implements Authorizer {
  readonly #options: KernelOptions
  readonly #session: SessionState
  readonly #renewal: Renewal
  readonly #events: Events
  readonly #handedOn: HandedOn
  readonly #bare = new BareRequests()
  readonly #explanations = createExplanations()
  readonly explain = this.#explanations.find

  constructor(options: KernelOptions, session: SessionState, renewal: Renewal, events: Events) {
    this.#options = options
    this.#session = session
    this.#renewal = renewal
    this.#events = events
    this.#handedOn = new HandedOn(options, session)
  }

  readonly authorize = (request: AuthorizeRequest): MaybePromise<Authorization> => {
    const { origins, scheme, skipAuth, clock, inside, whenSignedOut } = this.#options
    const session = this.#session
    const target = new Target(request)
    if (!target.isAt(origins)) return bare(target) // no other part of the request is read
    if (request.skipAuth || skipAuth?.(target)) return bare(target)
    const { headers, signal } = request
    const own = headers && ownCredential(scheme, headers)
    if (own) return this.#bare.withCredential(target, own)
    const passage = inside.current(signal)
    if (passage) return this.#bare.ofGrant(target, { passage, epoch: session.epoch })
    const now = clock.now()
    const usable = usableSession(session, now)
    if (usable) {
      if (session.isOutdated || isDue(session, now)) this.#renewal.tend()
      return this.#authorization(usable, target, 1, headers)
    }
    return untilAborted(this.#renewal.obtain(), signal).then(
      (obtained) => this.#authorization(obtained, target, 1, headers),
      (error) => {
        if (whenSignedOut === 'send' && isSignedOut(error)) return bare(target)
        throw error
      },
    )
  }

  /** Returns the session's headers for one attempt. Returns none if the caller has set one of them. */
  #authorization(
    of: Session,
    target: Target,
    attempt: number,
    callers?: AuthorizeRequest['headers'],
  ): MaybePromise<Authorization> {
    const { header } = this.#options.scheme
    const withHeaders = (headers: RequestHeaders) => {
      if (this.#session.stopped) throw this.#session.stopped
      if (this.#session.epoch !== of.epoch) throw sessionChanged()
      const isSet = (name: string) => name !== header && callers?.has(name) // `header` was checked before
      if (Object.keys(headers).some(isSet)) return bare(target)
      return new Authorization(headers, target, of, attempt)
    }
    const made = of.headers ?? this.#headersOf(of, target)
    return isThenable(made) ? made.then(withHeaders) : withHeaders(made)
  }

  /** Makes the headers for one request. @throws `ERR_SCHEME_FAILED`, or the scheme's own LatchkeyError. */
  #headersOf(of: Session, target: Target): RequestHeaders | Promise<RequestHeaders> {
    const { scheme } = this.#options
    const fail = (error: unknown) => {
      if (isLatchkeyError(error)) throw error
      throw schemeFailed(withoutSecrets(error, secretsOf(of.tokens)))
    }
    try {
      const made = scheme.headers(of.tokens, target)
      if (isThenable(made)) return Promise.resolve(made).then(toRecord).catch(fail)
      const headers = toRecord(made)
      if (scheme.cacheable) of.headers = Object.freeze(headers)
      return headers
    } catch (error) {
      return fail(error)
    }
  }

  readonly recover = (
    authorization: Authorization,
    response: Answered,
    asked: RecoverOptions = {},
  ): MaybePromise<Authorization | undefined> => {
    const { isTokenRejected, tokensFrom, onChallenge } = this.#options
    const { status } = response
    if (status < 400 && !isTokenRejected && !tokensFrom) return undefined
    if (authorization.generation === 0)
      return status === 401 ? this.#recoverBare(authorization, response, asked) : undefined
    if (droppedOf(response) === true) return undefined
    const handsOn = tokensFrom && status < 400 && !this.#renewal.isUnderWay // a renewal obtains newer ones
    if (handsOn) this.#handedOn.takeFrom(response, authorization)
    if (onChallenge && (status === 401 || status === 403) && authorization.answers !== 'other')
      return this.#answerChallenge(authorization, response, asked)
    return isTokenRejected || status === 401
      ? this.#judge(authorization, response, asked)
      : undefined
  }

  /** Asks `isTokenRejected`. If it throws, the status decides. */
  #judge(
    authorization: Authorization,
    response: Answered,
    asked: RecoverOptions,
  ): MaybePromise<Authorization | undefined> {
    const { isTokenRejected } = this.#options
    const byStatus = response.status === 401
    const act = (isRejected: unknown) =>
      isRejected ? this.#replay(authorization, response, asked) : undefined
    if (!isTokenRejected) return act(byStatus)
    try {
      const verdict: unknown = isTokenRejected(boundedView(response, authorization.target))
      if (!isThenable(verdict)) return act(verdict)
      return Promise.resolve(verdict)
        .catch(() => byStatus)
        .then(act)
    } catch {
      return act(byStatus)
    }
  }

  /**
   * Asks `onChallenge`, which can answer without a renewal. The request is then sent again with another token or
   * new headers.
   */
  async #answerChallenge(
    authorization: Authorization,
    response: Answered,
    asked: RecoverOptions,
  ): Promise<Authorization | undefined> {
    const { target, attempt, epoch } = authorization
    try {
      const answer = await this.#handedOn.answer(response, authorization, asked.signal)
      const isRepeated = answer?.isSame && authorization.answers
      if (!answer || isRepeated) return this.#judge(authorization, response, asked)
      const { session, isSame } = answer
      const again = { target, attempt: isSame ? attempt : attempt + 1, epoch }
      return await this.#sendAgain(
        { ...again, answers: isSame ? 'same' : 'other' },
        async () => session,
        response,
        asked,
      )
    } catch (error) {
      throwIfAborted(asked.signal)
      return this.#explanations.add(response, error as LatchkeyError)
    }
  }

  /**
   * Handles a 401 to a request without a token. The request may have been taken for a grant's own by mistake: for
   * example, a limiter starts one job as another ends. If that grant has ended since, the request gets a token
   * now.
   */
  #recoverBare(
    authorization: Authorization,
    response: Answered,
    asked: RecoverOptions,
  ): MaybePromise<Authorization | undefined> {
    const { target, attempt } = authorization
    const began = this.#bare.mistakenFor(authorization)
    if (began) {
      const again = { target, attempt: attempt + 1, epoch: began.epoch }
      return this.#sendAgain(again, () => this.#renewal.obtain(), response, asked)
    }
    const reason = this.#bare.explain(authorization, response, this.#options.origins)
    return reason && this.#explanations.add(response, reason)
  }

  /** Handles a rejected token. Returns an authorization for the replay, or records the reason against a replay. */
  async #replay(
    authorization: Authorization,
    response: Answered,
    asked: RecoverOptions,
  ): Promise<Authorization | undefined> {
    const { target, generation, epoch, attempt } = authorization
    const from = response.url ? parseUrl(response.url, target.url.href) : target.url
    if (!from || !new Target({ url: from, method: '' }).isAt(this.#options.origins))
      return undefined // the answer came from the target of a redirect
    const isDoubtful = droppedOf(response) === 'unknown'
    const reason = this.#whyNot(authorization, isDoubtful)
    if (reason) return this.#explanations.add(response, reason)
    // The session may still be valid, so it is kept if the renewal fails.
    const isInUse = this.#session.current?.generation === generation
    const again = { target, attempt: attempt + 1, epoch }
    return isDoubtful && isInUse
      ? this.#sendAgain(again, () => this.#renewal.renew(), response, asked)
      : this.#sendAgain(again, () => this.#renewal.obtain(), response, asked)
  }

  /**
   * Returns why a renewal cannot help a rejected request. If it can help, marks the session as rejected.
   *
   * @param isDoubtful Whether the token may have been lost on the way, so that the answer does not show that it is
   *   bad.
   */
  #whyNot(carried: Authorization, isDoubtful: boolean): LatchkeyError | undefined {
    const { store, name, clock, whenRefused } = this.#options
    const session = this.#session
    const { current } = session
    const now = clock.now()
    const meaning = whatRejectionMeans(carried, now, session)
    if (meaning === 'permanent') return permanentToken()
    if (meaning === 'otherSession') return sessionChanged()
    if (meaning === 'renew' && current) current.isRejected ||= !isDoubtful
    if (meaning === 'tooLate') return replayTooLate()
    if (meaning !== 'refused') return undefined
    const isNews = current && carried.attempt > 1 && !isDoubtful
    if (isNews && whenRefused === 'end') {
      session.end('rejected')
      void store.remove(name, current.tokens)
    } else if (isNews) {
      session.refuse()
    }
    return freshToken()
  }

  async #sendAgain(
    { target, attempt, epoch, answers }: Again,
    obtain: () => Promise<Session>,
    response: Answered,
    asked: RecoverOptions,
  ): Promise<Authorization | undefined> {
    const { signal, replayable = true } = asked
    const obtained = obtain()
    if (!replayable) {
      obtained.catch(() => undefined) // the next request uses the result; a failure is reported by its event
      return this.#explanations.add(response, oneShotBody())
    }
    try {
      const next = await untilAborted(obtained, signal)
      if (epoch !== this.#session.epoch) throw sessionChanged()
      const { generation } = next
      const replay = await this.#authorization(next, target, attempt)
      replay.answers = answers
      const { method, url } = target
      const at = this.#options.clock.now()
      this.#events.emit('retried', { at, generation, method, url: url.origin + url.pathname })
      throwIfAborted(signal) // a listener may have aborted it, or the scheme took long to sign
      return replay
    } catch (error) {
      throwIfAborted(signal)
      if (this.#options.whenSignedOut === 'send' && isSignedOut(error)) return bare(target, attempt)
      return this.#explanations.add(response, error as LatchkeyError)
    }
  }
}
