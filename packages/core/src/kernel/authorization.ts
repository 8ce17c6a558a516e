import { LatchkeyError } from '../errors.ts'
import type { ResponseView } from '../fetch/response-view.ts'
import { pageBase, isPlainlyAt, parseUrl } from '../origin.ts'
import type { Scheme } from '../scheme/scheme.ts'
import type { MaybePromise } from '../store/token-store.ts'

/**
 * How an adapter asks what to do about a response.
 *
 * @group For adapters and services
 */
export interface RecoverOptions {
  /** Ends the wait of this caller only. The call then rejects with the signal's own reason. */
  signal?: AbortSignal | null | undefined
  /** False: the body cannot be sent a second time, so at most the token is renewed. Default: true. */
  replayable?: boolean
}

/**
 * Everything an adapter needs from a manager.
 *
 * @group For adapters and services
 */
export interface Authorizer {
  /**
   * Returns the headers to add to a request before it is sent. Answers at once while the token is fresh. Otherwise
   * waits for the renewal that all requests share.
   *
   * @throws {LatchkeyError} when no token can be obtained, or `signal`'s own reason when it aborts.
   */
  authorize(request: AuthorizeRequest): MaybePromise<Authorization>
  /**
   * Decides what to do about a response. Returns an authorization: send the request again with it, once. Returns
   * `undefined`: pass the response to the caller. If a token was rejected, `explain(response)` returns the reason.
   *
   * @throws only `signal`'s own reason.
   */
  recover(
    authorization: Authorization,
    response: ResponseView | Response,
    options?: RecoverOptions,
  ): MaybePromise<Authorization | undefined>
  /**
   * Returns the reason for a response or for a client's error, also when it is the `cause` of another error.
   * Returns `undefined` when the manager sent no token, or when the answer was not about the token. Sends nothing.
   *
   * @example
   * const response = await fetch('https://api.example.com/items')
   * console.log(response.status, manager.explain(response)?.code)
   */
  explain(responseOrError: unknown): LatchkeyError | undefined
  /**
   * For code that keeps the answers of each user apart. Returns `undefined` if the token's header is not always
   * the same.
   */
  whose?(): Whose | undefined
}

/**
 * The session that a client's answers belong to.
 *
 * @group For adapters and services
 */
export interface Whose {
  /** The header that carries the token, in lower case. */
  header: string
  /** Counts sessions. It changes as soon as another user may be signed in. */
  epoch: number
}

/**
 * Checks that `manager` is a manager. Otherwise requests would go out without a token.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` when it is not.
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
 * The request that an adapter is about to send: the parts of it that the manager reads.
 *
 * @group For adapters and services
 */
export interface AuthorizeRequest {
  /** The final URL. It decides whether the token may be sent. A page resolves a relative URL. */
  url: string | URL
  /** The HTTP method, for schemes that sign it and for `skipAuth`. */
  method: string
  /** The caller's own headers. If one of them is a credential, the manager adds nothing. */
  headers?:
    | {
        /** Whether a header of this name is set. The name is in lower case. */
        has(name: string): boolean
      }
    | undefined
  /** True: send this request without a token. */
  skipAuth?: boolean | undefined
  /** Ends the wait of this caller only. The call then rejects with the signal's own reason. */
  signal?: AbortSignal | null | undefined
}

/** The URL and method of a request. The URL is parsed only when something reads it, which few requests need. */
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

  /** @throws {TypeError} when the URL is invalid. */
  get url(): URL {
    if (typeof this.#url === 'string') this.#url = new URL(this.#url, pageBase())
    return this.#url
  }

  /** Checks the protocol too, because a `blob:` URL has the origin of its page. */
  isAt(origins: ReadonlySet<string>): boolean {
    if (typeof this.#url === 'string') {
      if (isPlainlyAt(origins, this.#url)) return true
      const parsed = parseUrl(this.#url, pageBase())
      if (!parsed) return false // the client reports an invalid URL itself
      this.#url = parsed
    }
    return origins.has(this.#url.origin) && this.#url.protocol.startsWith('http')
  }
}

/**
 * The headers to add to one attempt of one request. `headers` is a getter, so that printing an authorization does
 * not print the token.
 *
 * @group For adapters and services
 */
export class Authorization {
  readonly #headers: Readonly<Record<string, string>>
  readonly #target: Target
  /** Number of the manager's token set. 0: the manager added nothing, so there is nothing to recover. */
  readonly generation: number
  /** 1 for the first attempt, 2 for the replay. */
  readonly attempt: number
  /** Whether a replay can follow a rejection. False for a replay and for a permanent token. */
  readonly renewable: boolean
  /**
   * The session that the request belongs to. A sign-in or sign-out in the meantime starts another session, which
   * ends the request.
   */
  readonly epoch: number
  /** @internal What this attempt answers a challenge with. After another token set, the caller receives the next one. */
  answers: 'same' | 'other' | undefined = undefined

  /** @internal Only the manager creates authorizations. */
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

  /** Headers to set on the request, with names in lower case. They replace none of the caller's headers. */
  get headers(): Readonly<Record<string, string>> {
    return this.#headers
  }

  /**
   * The URL that the request goes to.
   *
   * @throws {TypeError} when the URL is invalid.
   */
  get url(): URL {
    return this.#target.url
  }

  /** @internal The request that this authorization is for. */
  get target(): Target {
    return this.#target
  }
}

/** Headers that are credentials, set by the manager or by the caller. A request carries at most one of them. */
export const CREDENTIAL_HEADERS = ['authorization', 'xc-auth', 'xc-token', 'x-powerauth-token']

/** Returns the name of a header with the caller's own credential. It wins, even if the manager has no token yet. */
export function ownCredential(
  { header }: Scheme,
  own: NonNullable<AuthorizeRequest['headers']>,
): string | undefined {
  const name = CREDENTIAL_HEADERS.find((one) => own.has(one))
  return name ?? (header && own.has(header) ? header : undefined)
}

/** Where a wrapper names its managers. A registered symbol, so that two copies of core agree. */
const ownerKey = Symbol.for('latchkey.owner')

const ownersOf = (value: unknown): Authorizer[] =>
  (typeof value === 'function' && (value as { [ownerKey]?: Authorizer[] })[ownerKey]) || []

/**
 * Marks `wrapper` as belonging to `manager`, so that attaching it twice does not add the token twice.
 *
 * @param wrapped What it wraps. It also belongs to the managers of that.
 * @group For adapters and services
 */
export function markOwned<T extends object>(wrapper: T, manager: Authorizer, wrapped?: unknown): T {
  return Object.defineProperty(wrapper, ownerKey, { value: [manager, ...ownersOf(wrapped)] })
}

/**
 * Returns whether `value` is a wrapper that already serves `manager`.
 *
 * @group For adapters and services
 */
export function isOwnedBy(value: unknown, manager: Authorizer): boolean {
  return ownersOf(value).includes(manager)
}
