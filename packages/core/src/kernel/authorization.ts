import { LatchkeyError } from '../errors.ts'
import type { ResponseView } from '../fetch/response-view.ts'
import { baseUrl, isPlainlyAt, parseUrl } from '../origin.ts'
import type { Scheme } from '../scheme/scheme.ts'
import type { MaybePromise } from '../store/token-store.ts'

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
  /** For what keeps answers apart by user. `undefined` where the token's header is not always the same. */
  whose?(): Whose | undefined
}

/**
 * Whose answers a client's are.
 *
 * @group For adapters and services
 */
export interface Whose {
  /** The header that carries the token, in lower case. */
  header: string
  /** Counts sessions: another number as soon as somebody else may be signed in. */
  epoch: number
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

/**
 * The request an adapter is about to send, as far as the manager needs to know it.
 *
 * @group For adapters and services
 */
export interface AuthorizeRequest {
  /** The final URL: what decides whether the token may go there. A page resolves a relative one. */
  url: string | URL
  /** The HTTP method; for schemes that sign it, and for `skipAuth`. */
  method: string
  /** The caller's own headers. A credential among them wins: nothing is added. */
  headers?:
    | {
        /** Whether one of this name is set; the name is in lower case. */
        has(name: string): boolean
      }
    | undefined
  /** True: this one goes out without a token. */
  skipAuth?: boolean | undefined
  /** Ends this caller's waiting only, with its own reason. */
  signal?: AbortSignal | null | undefined
}

/** Where a request goes. Its URL is parsed, and its method read, only for those who look at it, which few requests need. */
export class Target {
  readonly #request: { readonly method: string }
  #url: string | URL

  constructor(request: { readonly url: string | URL; readonly method: string }) {
    this.#request = request
    this.#url = request.url
  }

  get method(): string {
    return this.#request.method
  }

  /** @throws {TypeError} when it is none. */
  get url(): URL {
    if (typeof this.#url === 'string') this.#url = new URL(this.#url, baseUrl())
    return this.#url
  }

  /** A `blob:` URL has its page's origin, so the protocol is asked as well. */
  isAt(origins: ReadonlySet<string>): boolean {
    if (typeof this.#url === 'string') {
      if (isPlainlyAt(origins, this.#url)) return true
      const parsed = parseUrl(this.#url, baseUrl())
      if (!parsed) return false // the client had better say so itself
      this.#url = parsed
    }
    return origins.has(this.#url.origin) && this.#url.protocol.startsWith('http')
  }
}

/**
 * What to add to one attempt of one request. `headers` lives behind a getter, so that nobody prints a
 * token by printing an authorization.
 *
 * @group For adapters and services
 */
export class Authorization {
  readonly #headers: Readonly<Record<string, string>>
  readonly #target: Target
  /** Which of the manager's token sets this is. 0: none of ours, nothing to add, nothing to recover. */
  readonly generation: number
  /** 1 for the first sending, 2 for the replay. */
  readonly attempt: number
  /** Whether a rejection can be followed by a replay: false for a replay and for a permanent token. */
  readonly renewable: boolean
  /**
   * Which session this belongs to: a sign-in or sign-out meanwhile makes it another, and ends the
   * request.
   */
  readonly epoch: number
  /** @internal Whether this attempt answers a challenge: a second one is the caller's. */
  answersChallenge = false

  /** @internal The manager makes them. */
  constructor(
    headers: Readonly<Record<string, string>>,
    target: Target,
    about: { generation: number; epoch: number; permanent: boolean },
    attempt: number,
  ) {
    this.#headers = headers
    this.#target = target
    this.generation = about.generation
    this.attempt = attempt
    this.renewable = attempt === 1 && !about.permanent
    this.epoch = about.epoch
  }

  /** Lower-case names and values to set on the request, replacing nothing of the caller's. */
  get headers(): Readonly<Record<string, string>> {
    return this.#headers
  }

  /**
   * Where the request goes.
   *
   * @throws {TypeError} when that is no URL.
   */
  get url(): URL {
    return this.#target.url
  }

  /** @internal The request this is for. */
  get target(): Target {
    return this.#target
  }
}

/** Headers that are credentials, whoever set them: at most one of them leaves with a request. */
export const CREDENTIAL_HEADERS = ['authorization', 'xc-auth', 'xc-token', 'x-powerauth-token']

/** The header of a credential of the caller's own, which wins, also over one that would have to be obtained first. */
export function ownCredential(
  { header }: Scheme,
  own: NonNullable<AuthorizeRequest['headers']>,
): string | undefined {
  const name = CREDENTIAL_HEADERS.find((one) => own.has(one))
  return name ?? (header && own.has(header) ? header : undefined)
}

/** Where a wrapped fetch tells whose it is. Registered, so that two copies of core agree. */
const ownerKey = Symbol.for('latchkey.owner')

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
