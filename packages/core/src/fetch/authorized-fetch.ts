import {
  type Authorization,
  type Authorizer,
  type AuthorizeRequest,
  expectManager,
  isOwnedBy,
  markOwned,
} from '../kernel/authorization.ts'
import { isThenable } from '../waiting.ts'
import {
  EMPTY,
  type FetchInput,
  foreignOptions,
  type Given,
  type Init,
  isRequest,
  makerOf,
  membersOf,
  neededOf,
  normalMethod,
  NOTHING,
  ownInit,
  readInit,
  redirectMode,
  remade,
  TAKES_NONE,
} from './options.ts'
import { follow, type Hopping, type Moved } from './redirects.ts'
import { bodyFactory, isOneShot, snapshot, untilBodyFails } from './replayable.ts'
import { leadsOn, letGo, markUnwatched, mayBeStored, readingAhead } from './response-view.ts'

/**
 * Returns a `fetch` that keeps `manager` signed in: the loop that all fetch-style clients share.
 *
 * @param send The `fetch` that sends the requests. Absent: the platform's own `fetch`, looked up at each call. If
 *   it is already wrapped for the same manager, it is returned unchanged.
 * @param given The caller's own options, for a client that builds Requests from them. The body shows whether it
 *   can be sent again. The signal shows which grant the request belongs to.
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
        const response = await request.send(sender, authorization)
        const decision = manager.recover(authorization, response, request)
        const next = isThenable(decision) ? await readingAhead(response, decision) : decision
        if (!next) return response
        if (mayBeStored(response.headers)) request.cache = 'no-store'
        letGo(response)
        authorization = next
      }
    } finally {
      if (request.kept) letGo(request.kept)
    }
  }
  return markOwned(wrapped, manager, send)
}

/** A call of `fetch` in parts, so that it can be sent more than once. At first it reads only the URL. */
export class Outgoing implements AuthorizeRequest, Hopping {
  /** The URL as the caller passed it. The platform resolves a relative one and reports an invalid one. */
  readonly url: string
  /** 'no-store' on a replay, so that no cache returns the rejected answer again. Absent: the caller's value. */
  cache: RequestCache | undefined = undefined
  /** The Request whose body is kept for another attempt. */
  kept: Request | undefined = undefined
  readonly #input: FetchInput
  readonly #given: RequestInit | null | undefined
  readonly #client: Given
  /** Whether the sender receives only a Request, without options. */
  readonly #readsRequestOnly: boolean
  /** The caller's Request, and later the one whose body has not been sent yet. */
  #request: Request | undefined
  #init: Init | undefined = undefined
  #headers: Headers | undefined = undefined
  /** Names of the headers that were set over the caller's own. */
  #credentials: string[] | undefined = undefined
  #isHeld = false
  #isSent = false

  constructor(
    input: FetchInput,
    given: RequestInit | null | undefined,
    readsRequestOnly: boolean,
    client: Given = NOTHING,
  ) {
    this.#input = input
    this.#given = given
    this.#client = client
    this.#readsRequestOnly = readsRequestOnly
    // The platform's fetch treats a Request of another class as a URL.
    const isOwn = readsRequestOnly ? isRequest(input) : input instanceof Request
    this.#request = isOwn ? (input as Request) : undefined
    this.url = this.#request ? this.#request.url : `${input as string | URL}`
  }

  get method(): string {
    return normalMethod(this.#options().method ?? this.#request?.method ?? 'GET')
  }

  get signal(): AbortSignal | undefined {
    const { signal } = this.#options()
    const own = signal === undefined ? this.#request?.signal : signal
    return this.#client.signal ?? own ?? undefined
  }

  get redirect(): RequestRedirect {
    return this.#options().redirect ?? this.#request?.redirect ?? 'follow'
  }

  /** The caller's own headers, if any. */
  get headers(): { has(name: string): boolean } | undefined {
    if ((this.#options().mode ?? this.#request?.mode) === 'no-cors') return TAKES_NONE
    return this.#headers
  }

  /** Whether the caller wants no token for this request. */
  get skipAuth(): boolean {
    return this.#options()['skipAuth'] === true || this.#client.context?.skipAuth === true
  }

  /** The body in the options. */
  get body(): unknown {
    return this.#options().body
  }

  /** Whether the body, if any, can be sent again. */
  get replayable(): boolean {
    if (this.#factory()) return true
    if (!this.#isInside()) return !isOneShot(this.#options().body)
    // A body that a hook has replaced is kept while it is sent.
    const { body } = this.#client
    return (!isOneShot(body) || bodyFactory(body) !== undefined) && !this.#request?.bodyUsed
  }

  /** Returns the call as it came. Values that were read before are not read again. */
  asGiven(): [FetchInput, RequestInit?] {
    const input = this.#isHeld ? (this.#request ?? this.#input) : this.#input
    return [input, this.#given && this.#init ? { ...this.#init } : (this.#given as RequestInit)]
  }

  /** Sends one attempt and follows its redirects. */
  async send(
    sender: typeof fetch,
    { generation, attempt, headers, renewable }: Authorization,
  ): Promise<Response> {
    if (generation === 0 && attempt === 1) return sender(...this.asGiven())
    const { redirect } = this
    const mode = redirectMode(redirect, headers, renewable)
    const isOurs = mode !== redirect
    const response = await sender(...this.next(headers, mode, renewable || isOurs))
    if (isOurs && leadsOn(response)) return follow(sender, this, headers, response, renewable)
    return markUnwatched(response)
  }

  /** Copies everything that the caller might change, because the request has to wait before it is sent. */
  hold(): void {
    this.#keep('whole')
    const request = this.#request
    if (request && this.#isInside()) this.#request = remade(request, EMPTY)
  }

  /**
   * Returns the arguments of the next attempt.
   *
   * @param credentials Headers to set over the caller's own.
   * @param keep Whether another attempt may follow, so that the body must be kept.
   */
  next(
    credentials: Readonly<Record<string, string>>,
    redirect: RequestRedirect,
    keep: boolean,
  ): [FetchInput, RequestInit?] {
    if (keep) this.#keep()
    const factory = this.#isSent ? this.#factory() : undefined
    const init = this.#initOf({ headers: this.withCredentials(credentials), redirect })
    if (factory) init.body = factory() as BodyInit
    this.#isSent = true
    const request = this.#request
    if (!request) return [this.url, init]
    if (factory && this.#isInside()) return this.#remake(this.url, request, init)
    if (keep && this.#isInside() && this.replayable && !this.#factory()) this.#keepCopy(request)
    const all = { ...init, ...neededOf(request, init) }
    return this.#readsRequestOnly ? this.#asRequest(remade(request, init), init) : [request, all]
  }

  /** Returns the arguments of the call that follows a redirect. */
  async hop(
    moved: Moved,
    redirect: RequestRedirect,
    keep: boolean,
  ): Promise<[FetchInput, RequestInit?]> {
    const { url, method, headers, withBody, referrerPolicy } = moved
    const init = this.#initOf({ headers, redirect, method })
    if (referrerPolicy) init.referrerPolicy = referrerPolicy
    const request = this.#request
    const factory = this.#factory()
    if (!withBody) init.body = null
    else if (factory) init.body = factory() as BodyInit
    // As bytes, so that a new length is sent; the kept copy is for another redirect or a replay.
    else if (request && this.#isInside()) {
      if (keep) this.#keepCopy(request)
      init.body = await request.arrayBuffer()
    }
    return request ? this.#remake(url.href, request, init) : [url, init]
  }

  /** Returns the caller's own headers, with `credentials` set over them. */
  withCredentials(credentials: Readonly<Record<string, string>>): Headers | Record<string, string> {
    this.#options()
    if (!this.#headers) return { ...credentials }
    // From the first attempt on this is our own copy.
    const headers = this.#credentials ? this.#headers : new Headers(this.#headers)
    for (const name of this.#credentials ?? []) headers.delete(name)
    this.#credentials = Object.keys(credentials)
    for (const name of this.#credentials) headers.set(name, credentials[name] ?? '')
    this.#headers = headers
    return headers
  }

  /** Returns a header of the caller's own. */
  header(name: string): string | undefined {
    this.#options()
    return this.#headers?.get(name) ?? undefined
  }

  #options(): Init {
    if (this.#init) return this.#init
    const init = readInit(this.#given)
    this.#init = init
    const own = init.headers === undefined ? this.#request?.headers : init.headers
    if (own !== undefined) this.#headers = own instanceof Headers ? own : new Headers(own)
    // An iterator of headers can be read only once, and that has happened.
    if (this.#headers && own && !(own instanceof Headers))
      this.#init = ownInit(init, { headers: this.#headers })
    return this.#init
  }

  /** Whether the body is inside the Request, which can be read only once. */
  #isInside(): boolean {
    const { body } = this.#options()
    return !!this.#request?.body && (body === undefined || body === null)
  }

  /** Returns how to create the body again, if the caller provided that and a hook cannot have replaced the body. */
  #factory(): (() => unknown) | undefined {
    if (!this.#isInside()) return bodyFactory(this.#options().body)
    const { body, hooks } = this.#client
    return hooks?.beforeRequest?.length ? undefined : bodyFactory(body)
  }

  #keep(how?: 'whole'): void {
    if (this.#isHeld) return
    this.#isHeld = true
    const init = this.#options()
    if (this.#headers && !this.#credentials) this.#headers = new Headers(this.#headers)
    if (init.body) this.#init = ownInit(init, { body: snapshot(init.body, how) })
  }

  #keepCopy(request: Request): void {
    this.kept = request.clone()
    this.#request = this.kept
  }

  #initOf(own: Init): Init {
    const init: Init = { ...this.#options(), ...own }
    if (this.cache) init.cache = this.cache
    return init
  }

  #remake(url: string, request: Request, init: Init): [FetchInput, RequestInit?] {
    const all = membersOf(request, init)
    if (!this.#readsRequestOnly) return [url, all]
    return this.#asRequest(new (makerOf(request))(url, all), all)
  }

  #asRequest(request: Request, init: Init): [FetchInput, RequestInit?] {
    return [request, { ...foreignOptions(this.#options()), ...neededOf(request, init) }]
  }
}
