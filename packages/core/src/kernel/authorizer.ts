import { isLatchkeyError, type LatchkeyError, withoutSecrets } from '../errors.ts'
import type { Events } from '../events.ts'
import { boundedView, droppedOf, type ResponseView } from '../fetch/response-view.ts'
import type { KernelOptions } from '../manager-options.ts'
import { type Sealed, toRecord } from '../scheme/header-record.ts'
import { nearestOrigin, parseUrl } from '../origin.ts'
import type { MaybePromise } from '../store/token-store.ts'
import {
  callersCredential,
  freshToken,
  oneShotBody,
  otherOrigin,
  permanentToken,
  schemeFailed,
  sessionChanged,
} from '../texts.ts'
import { sameTokens, secretsOf, type TokenSet } from '../token-set.ts'
import { isThenable, throwIfAborted, untilAborted } from '../waiting.ts'
import {
  Authorization,
  type Authorizer,
  type AuthorizeRequest,
  type RecoverOptions,
  Target,
} from './authorization.ts'
import { coolDown, type Session, whatRejectionMeans } from './decisions.ts'
import { createExplanations } from './explanations.ts'
import { takeOver } from './handed-on.ts'
import type { Passage } from '../grant/inside.ts'
import { ownCredential, tellInDevelopment } from './own-credential.ts'
import type { Renewal } from './renewal.ts'
import type { SessionKeeper } from './session.ts'

/** The two calls that adapters make of one manager. */
export class KernelAuthorizer implements Authorizer {
  readonly #options: KernelOptions
  readonly #session: SessionKeeper
  readonly #renewal: Renewal
  readonly #events: Events
  readonly #explanations = createExplanations()
  readonly explain = this.#explanations.find
  /** Requests that went out bare since they seemed to be a grant's own: the grant's work, and whose session it was. */
  #own: WeakMap<Authorization, { passage: Passage; epoch: number }> | undefined = undefined
  /** Requests with a credential of the caller's, by the header it is in. */
  #callers: WeakMap<Authorization, string> | undefined = undefined
  #isTold = false

  constructor(options: KernelOptions, session: SessionKeeper, renewal: Renewal, events: Events) {
    this.#options = options
    this.#session = session
    this.#renewal = renewal
    this.#events = events
  }

  readonly authorize = (request: AuthorizeRequest): MaybePromise<Authorization> => {
    const { origins, scheme, skipAuth } = this.#options
    const target = new Target(request)
    if (!target.isAt(origins)) return bare(target) // nothing of it is read
    if (request.skipAuth || skipAuth?.(target)) return bare(target)
    const { headers, signal } = request
    const own = headers && ownCredential(scheme, headers)
    if (own) return this.#bareWith(own, target)
    const passage = this.#renewal.grantAtWork(signal)
    if (passage) {
      const authorization = bare(target)
      this.#own ??= new WeakMap()
      this.#own.set(authorization, { passage, epoch: this.#session.epoch })
      return authorization
    }
    const ready = this.#renewal.ready()
    if (ready) return this.#seal(ready, target, 1, headers)
    return untilAborted(this.#renewal.obtain(), signal).then(
      (obtained) => this.#seal(obtained, target, 1, headers),
      (error) => {
        if (this.#isVisitor(error)) return bare(target)
        throw error
      },
    )
  }

  /** Whether `error` says that nobody is signed in, and whoever is not is served as a visitor. */
  #isVisitor(error: unknown): boolean {
    const { whenSignedOut } = this.#options
    return whenSignedOut === 'send' && isLatchkeyError(error) && NOBODY.has(error.code)
  }

  /** A credential of the caller's own: left over, perhaps, from before there was a manager. */
  #bareWith(own: string, target: Target): Authorization {
    const authorization = bare(target)
    this.#callers ??= new WeakMap()
    this.#callers.set(authorization, own)
    if (!this.#isTold) tellInDevelopment(own)
    this.#isTold = true
    return authorization
  }

  /** The session's headers for one attempt; none when the caller has set one of them. */
  #seal(
    of: Session,
    target: Target,
    attempt: number,
    callers?: AuthorizeRequest['headers'],
  ): MaybePromise<Authorization> {
    const withHeaders = (headers: Sealed) => {
      if (this.#session.stopped) throw this.#session.stopped
      if (this.#session.epoch !== of.epoch) throw sessionChanged()
      if (callers && Object.keys(headers).some((name) => callers.has(name))) return bare(target)
      return new Authorization(headers, target, of, attempt)
    }
    const made = of.headers ?? this.#headersOf(of, target)
    return isThenable(made) ? made.then(withHeaders) : withHeaders(made)
  }

  /** @throws {LatchkeyError} `ERR_SCHEME_FAILED`, or the scheme's own LatchkeyError. */
  #headersOf(of: Session, target: Target): Sealed | Promise<Sealed> {
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
    response: ResponseView | Response,
    asked: RecoverOptions = {},
  ): MaybePromise<Authorization | undefined> => {
    const { isTokenRejected, tokensFrom, onChallenge } = this.#options
    const { status } = response
    if (authorization.generation === 0)
      return status === 401 ? this.#recoverBare(authorization, response, asked) : undefined
    if (droppedOf(response) === true) return undefined
    if (tokensFrom && status < 400) this.#takeOver(authorization, response)
    if (onChallenge && (status === 401 || status === 403) && !authorization.isAgain)
      return this.#answerChallenge(authorization, response, asked)
    if (!isTokenRejected && status !== 401) return undefined
    return this.#judgeAndReplay(authorization, response, asked)
  }

  #judgeAndReplay(
    authorization: Authorization,
    response: ResponseView | Response,
    asked: RecoverOptions,
  ): MaybePromise<Authorization | undefined> {
    const { isTokenRejected } = this.#options
    const act = (isRejected: unknown) =>
      isRejected ? this.#replay(authorization, response, asked) : undefined
    const verdict = isTokenRejected
      ? this.#judge(response, authorization.target)
      : response.status === 401
    return isThenable(verdict) ? Promise.resolve(verdict).then(act) : act(verdict)
  }

  /** What a challenge asks for may be had without a renewal. Then the request is sent again with that. */
  async #answerChallenge(
    authorization: Authorization,
    response: ResponseView | Response,
    asked: RecoverOptions,
  ): Promise<Authorization | undefined> {
    const { epoch, target } = authorization
    const { current } = this.#session
    if (!current || this.#session.stopped || current.epoch !== epoch)
      return this.#judgeAndReplay(authorization, response, asked)
    let found: TokenSet | undefined
    try {
      const work = this.#options.onChallenge?.(boundedView(response, target), current.tokens)
      found = await untilAborted(Promise.resolve(work), asked.signal)
    } catch (error) {
      throwIfAborted(asked.signal)
      if (isLatchkeyError(error)) return this.#explanations.add(response, error)
    }
    if (!found || this.#session.epoch !== epoch)
      return this.#judgeAndReplay(authorization, response, asked)
    const isSame = sameTokens(found, current.tokens)
    if (!isSame) takeOver(this.#options, this.#session, this.#session.current ?? current, found)
    const again = Promise.resolve(this.#session.current ?? current)
    const attempt = isSame ? authorization.attempt - 1 : authorization.attempt
    return this.#sendAgain({ target, attempt, isAgain: true }, epoch, again, response, asked)
  }

  /** A predicate that fails tells nothing: the status decides. */
  #judge(response: ResponseView | Response, requested: Target): unknown {
    const byStatus = response.status === 401
    try {
      const verdict: unknown = this.#options.isTokenRejected?.(boundedView(response, requested))
      return isThenable(verdict) ? Promise.resolve(verdict).catch(() => byStatus) : verdict
    } catch {
      return byStatus
    }
  }

  /**
   * A 401 where no token was sent. Where the address is nearly ours, that is explained. What seemed to be a grant's own
   * request was none if the grant has ended since (a limiter starts one job as the other ends): it gets a token now.
   */
  #recoverBare(
    authorization: Authorization,
    response: ResponseView | Response,
    asked: RecoverOptions,
  ): MaybePromise<Authorization | undefined> {
    const began = response.status === 401 ? this.#own?.get(authorization) : undefined
    if (began && !began.passage.isOpen)
      return this.#sendAgain(authorization, began.epoch, this.#renewal.obtain(), response, asked)
    const own = response.status === 401 ? this.#callers?.get(authorization) : undefined
    if (own) return this.#explanations.add(response, callersCredential(own))
    const url = response.status === 401 ? parseUrl(response.url) : undefined
    const meant = url && nearestOrigin(this.#options.origins, url)
    if (meant) this.#explanations.add(response, otherOrigin(url, meant))
    return undefined
  }

  /** Tokens that an ordinary answer hands on, to the session whose token the request carried. */
  #takeOver({ generation, epoch, target }: Authorization, response: ResponseView | Response): void {
    const { current } = this.#session
    if (current?.generation !== generation || current.epoch !== epoch) return
    if (droppedOf(response) !== undefined || this.#session.stopped) return
    if (this.#renewal.isUnderWay) return
    try {
      const found = this.#options.tokensFrom?.(boundedView(response, target), current.tokens)
      if (found) takeOver(this.#options, this.#session, current, found)
    } catch {
      // what cannot be read is not taken over
    }
  }

  /** The token was rejected: either an authorization to send again with, or a reason not to. */
  async #replay(
    authorization: Authorization,
    response: ResponseView | Response,
    asked: RecoverOptions,
  ): Promise<Authorization | undefined> {
    const { url, method } = authorization.target
    const from = response.url ? parseUrl(response.url, url.href) : url
    if (!from || !new Target({ url: from, method }).isAt(this.#options.origins)) return undefined // a redirect's target spoke
    const isDoubtful = droppedOf(response) === 'unknown'
    const reason = this.#whyNot(authorization, isDoubtful)
    if (reason) return this.#explanations.add(response, reason)
    // A session that may be well is renewed, but goes on if it cannot be.
    const isInUse = this.#session.current?.generation === authorization.generation
    const obtained = isDoubtful && isInUse ? this.#renewal.renew() : this.#renewal.obtain()
    return this.#sendAgain(authorization, authorization.epoch, obtained, response, asked)
  }

  /**
   * Why a renewal cannot help a rejected request. If it can, the session is marked as rejected.
   *
   * @param isDoubtful Whether the token was there at all is unknown, so this says nothing about the session.
   */
  #whyNot(authorization: Authorization, isDoubtful: boolean): LatchkeyError | undefined {
    const session = this.#session
    const { current } = session
    const now = this.#options.clock.now()
    const meaning = whatRejectionMeans(authorization, now, session)
    if (meaning === 'permanent') return permanentToken()
    if (meaning === 'otherSession') return sessionChanged()
    if (meaning === 'renew' && current) current.isRejected ||= !isDoubtful
    if (meaning !== 'refused') return undefined
    if (
      !isDoubtful &&
      authorization.attempt > 1 &&
      current?.generation === authorization.generation
    ) {
      if (this.#options.whenRefused === 'end') {
        session.end('rejected')
        void this.#renewal.forget(current.tokens)
      } else session.refused = coolDown(session.refused, current.generation, now)
    }
    return freshToken()
  }

  /** @param epoch The session that the request belongs to. */
  async #sendAgain(
    { target, attempt, isAgain }: Pick<Authorization, 'target' | 'attempt' | 'isAgain'>,
    epoch: number,
    obtained: Promise<Session>,
    response: ResponseView | Response,
    { signal, replayable = true }: RecoverOptions,
  ): Promise<Authorization | undefined> {
    if (!replayable) {
      obtained.catch(() => undefined) // the next request profits; a failure has its event
      return this.#explanations.add(response, oneShotBody())
    }
    try {
      const next = await untilAborted(obtained, signal)
      if (epoch !== this.#session.epoch) throw sessionChanged()
      const { generation } = next
      const sealed = await this.#seal(next, target, attempt + 1)
      sealed.isAgain = isAgain
      const { method, url } = target
      const where = url.origin + url.pathname
      this.#events.emit('retried', {
        at: this.#options.clock.now(),
        generation,
        method,
        url: where,
      })
      throwIfAborted(signal) // by a listener, or while the scheme was signing
      return sealed
    } catch (error) {
      throwIfAborted(signal)
      if (this.#isVisitor(error)) return bare(target, attempt + 1)
      return this.#explanations.add(response, error as LatchkeyError)
    }
  }
}

/** Codes of nobody being signed in, and nothing left to sign in with. */
const NOBODY: ReadonlySet<string> = new Set(['ERR_SIGN_IN_REQUIRED', 'ERR_REFRESH_TOKEN_REJECTED'])

const NO_SESSION = { generation: 0, epoch: 0, permanent: true }

const bare = (target: Target, attempt = 1) => new Authorization({}, target, NO_SESSION, attempt)
