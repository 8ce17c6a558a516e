import { bodyFactory, isOneShot, snapshot } from './replayable.ts'

/** What `fetch` takes. */
export type FetchInput = Parameters<typeof fetch>[0]

/** What a caller gave to a client that makes a Request of it, before that. */
export interface Given {
  body?: unknown
  /** A Request follows the signal it was given, with one of its own. */
  signal?: AbortSignal | null | undefined
}

/** How one sending differs from what the caller said. */
export interface Hop {
  /** Set over the caller's own headers. */
  credentials: Readonly<Record<string, string>>
  redirect: RequestRedirect
  /** Whether a redirect that comes back is ours to follow. */
  follows: boolean
  /** Once a redirect was followed: what the request has become. */
  moved?: Moved
}

export interface Moved {
  url: URL
  method: string
  /** All of them. */
  headers: Headers
  /** False where the redirect turned the request into a GET. */
  withBody: boolean
}

const NOTHING: RequestInit & Given = {}

/**
 * Takes a call of `fetch` apart.
 *
 * @param send What will send it, where that is not the platform's own `fetch`.
 * @param given What the caller gave, where a client has made a Request of it already.
 * @returns `undefined` when nothing can be added: a browser takes no headers (`no-cors`).
 */
export function outgoing(
  input: FetchInput,
  init: RequestInit = NOTHING,
  send?: typeof fetch,
  given: Given = NOTHING,
): Outgoing | undefined {
  const request = typeof input === 'object' && 'headers' in input ? input : undefined
  if ((init.mode ?? request?.mode) === 'no-cors') return undefined
  return new Outgoing(request ?? `${input as string | URL}`, init, send !== undefined, given)
}

/** As fetch sends it (fetch standard, section 2.2.1): others stay as they are. */
const normalMethod = (method: string): string =>
  /^(delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method

/** A call of `fetch` taken apart, so that it can be made more than once. */
export class Outgoing {
  /** As given: relative, or no URL at all, it is the platform's to resolve. */
  readonly url: string
  readonly method: string
  readonly signal: AbortSignal | undefined
  readonly redirect: RequestRedirect
  /** Set for a replay that must not be answered with what it replays for. Absent: as the caller said. */
  cache: RequestCache | undefined
  /** Whether the body, if any, can be sent again. */
  readonly replayable: boolean
  readonly #request: Request | undefined
  /** Whether the sender may look at nothing but a Request that it gets. */
  readonly #readsRequestOnly: boolean
  /** Whether the body is inside the Request, which gives it once. */
  readonly #isInside: boolean
  readonly #factory: (() => unknown) | undefined
  #init: RequestInit
  #headers: Headers | undefined
  /** Names of what was set over the caller's own headers. */
  #credentials: string[] | undefined
  /** A clone for the next sending. */
  #kept: Request | undefined
  #isHeld = false
  #isSent = false

  constructor(
    source: Request | string,
    init: RequestInit,
    readsRequestOnly: boolean,
    given: Given,
  ) {
    const request = typeof source === 'object' ? source : undefined
    const own = init.headers ?? request?.headers
    const isInside = !!request?.body && (init.body === undefined || init.body === null)
    const body = isInside ? given.body : init.body
    this.url = typeof source === 'object' ? source.url : source
    this.method = normalMethod(init.method ?? request?.method ?? 'GET')
    this.signal = given.signal ?? init.signal ?? request?.signal ?? undefined
    this.redirect = init.redirect ?? request?.redirect ?? 'follow'
    this.#factory = bodyFactory(body)
    this.replayable =
      this.#factory !== undefined || !(isOneShot(body) || (isInside && request.bodyUsed))
    this.#request = request
    this.#readsRequestOnly = readsRequestOnly
    this.#isInside = isInside
    this.#init = init
    this.#headers = own && (own instanceof Headers ? own : new Headers(own))
  }

  /** The caller's own headers, if any. */
  get headers(): Headers | undefined {
    return this.#headers
  }

  /** The arguments of the next call. `keep`: another may follow, so a copy of the body is kept. */
  next(hop: Hop, keep: boolean): [FetchInput, RequestInit?] {
    const { redirect, moved } = hop
    const headers = moved?.headers ?? this.sealed(hop.credentials)
    if (keep) this.hold()
    const next: RequestInit = { ...this.#init, redirect, headers }
    if (this.cache) next.cache = this.cache
    if (moved) next.method = moved.method
    const isEmptied = moved?.withBody === false
    const make = !isEmptied && this.#isSent ? this.#factory : undefined
    if (isEmptied) next.body = null
    else if (make) next.body = make() as BodyInit
    this.#isSent = true
    const url = moved?.url ?? this.url
    const request = this.#request
    if (!request) return [url, next]
    if (!this.#isInside || !(isEmptied || make)) return this.#within(request, next, moved, keep)
    // Its body, which no init can take out of a Request, is not the one to send.
    const { method, signal, credentials, cache } = request
    return [url, { method, signal, credentials, cache, ...next, ...(make && { duplex: 'half' }) }]
  }

  /** What one sending gets as its headers: the caller's own, with `credentials` set over them. */
  sealed(credentials: Readonly<Record<string, string>>): Headers | Record<string, string> {
    if (!this.#headers) return { ...credentials }
    // A copy from the first sending on, which is then only ours.
    const headers = this.#credentials ? this.#headers : new Headers(this.#headers)
    for (const name of this.#credentials ?? []) headers.delete(name)
    this.#credentials = Object.keys(credentials)
    for (const name of this.#credentials) headers.set(name, credentials[name] ?? '')
    this.#headers = headers
    return headers
  }

  /** Copies what the caller might change before it is sent; next() does so for a `keep`. */
  hold(): void {
    if (this.#isHeld) return
    this.#isHeld = true
    if (this.#headers && !this.#credentials) this.#headers = new Headers(this.#headers)
    const { body } = this.#init
    if (this.#init !== NOTHING)
      this.#init = { ...this.#init, ...(body && { body: snapshot(body) }) }
  }

  /** Lets go of what was kept. */
  release(): void {
    this.#kept?.body?.cancel().catch(() => undefined)
  }

  /**
   * As a Request: a new one, since the token must not be in the caller's. The platform's own `fetch` makes
   * that by itself. A body inside is given once, so a clone is kept for as long as it may be needed.
   */
  #within(
    request: Request,
    next: RequestInit,
    moved: Moved | undefined,
    keep: boolean,
  ): [FetchInput, RequestInit?] {
    const own = this.#init
    const current = this.#kept ?? request
    this.#kept =
      this.#isInside && keep && this.replayable && !this.#factory ? current.clone() : undefined
    const from = moved ? new Request(moved.url, current) : current
    // Beside the Request too: Node lets the signal of one that nobody holds be collected, and an abort is lost.
    const signal = own.signal === undefined ? request.signal : own.signal
    if (!this.#readsRequestOnly) return [from, { ...next, signal }]
    // And options that only this `fetch` knows, such as Next's `next`.
    const unknown = Object.entries(own).filter(([name]) => !(name in request))
    return [new Request(from, next), { ...Object.fromEntries(unknown), signal }]
  }
}
