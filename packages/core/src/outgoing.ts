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
  /** Absent: as the caller said. */
  cache?: RequestCache | undefined
  /** Once a redirect was followed: what the request has become. */
  moved?: Moved | undefined
}

export interface Moved {
  url: URL
  method: string
  /** All of them. */
  headers: Headers
  /** False where the redirect turned the request into a GET. */
  withBody: boolean
}

/** A call of `fetch` taken apart, so that it can be made more than once. */
export interface Outgoing {
  /** As given: relative, or no URL at all, it is the platform's to resolve. */
  url: string
  method: string
  /** The caller's own headers, if any. */
  headers: Headers | undefined
  signal: AbortSignal | undefined
  redirect: RequestRedirect
  /** Set for a replay that must not be answered with what it replays for. Absent: as the caller said. */
  cache?: RequestCache
  /** Whether the body, if any, can be sent again. */
  replayable: boolean
  /** The arguments of the next call. `keep`: another may follow, so a copy of the body is kept. */
  next(hop: Hop, keep: boolean): [FetchInput, RequestInit?]
  /** Copies a body that the caller might change before it is sent; next() does so for a `keep`. */
  hold(): void
  /** Lets go of what was kept. */
  release(): void
}

const NOTHING = {}

/**
 * Takes a call of `fetch` apart.
 *
 * @param given What the caller gave, where a client has made a Request of it already.
 * @returns `undefined` when nothing can be added: a browser takes no headers (`no-cors`).
 */
export function outgoing(
  input: FetchInput,
  init: RequestInit = NOTHING,
  given: Given = NOTHING,
): Outgoing | undefined {
  const request = typeof input === 'object' && 'headers' in input ? input : undefined
  if ((init.mode ?? request?.mode) === 'no-cors') return undefined
  const carriesBody = request?.body && (init.body === undefined || init.body === null)
  const own = init.headers ?? request?.headers
  const about: About = {
    url: request ? request.url : `${input as string | URL}`,
    method: init.method ?? request?.method ?? 'GET',
    headers: own && new Headers(own),
    signal: given.signal ?? init.signal ?? request?.signal ?? undefined,
    redirect: init.redirect ?? request?.redirect ?? 'follow',
  }
  return carriesBody
    ? fromRequest(about, request, init, given.body)
    : fromInit(about, request, init)
}

/** What one sending gets as its headers. */
export function headersOf(own: Headers | undefined, { credentials, moved }: Hop): HeadersInit {
  if (moved) return moved.headers
  if (!own) return { ...credentials }
  const headers = new Headers(own)
  for (const [name, value] of Object.entries(credentials)) headers.set(name, value)
  return headers
}

type About = Pick<Outgoing, 'url' | 'method' | 'headers' | 'signal' | 'redirect'>

/** The body is in `init`, where it stays; or it is a stream, and gone after the first time. */
function fromInit(about: About, request: Request | undefined, init: RequestInit): Outgoing {
  const factory = bodyFactory(init.body)
  let sent = false
  let held: RequestInit | undefined
  const hold = () => {
    held ??= init.body === undefined || init.body === null ? NOTHING : { body: snapshot(init.body) }
  }
  return {
    ...about,
    replayable: factory !== undefined || !isOneShot(init.body),
    hold,
    next(hop, keep) {
      if (keep) hold()
      const changed = changes(about, hop)
      const next = init === NOTHING ? changed : { ...init, ...held, ...changed }
      if (sent && factory && next.body !== null) next.body = factory() as BodyInit
      sent = true
      if (request) return [new Request(at(hop, request), next), beside(request, init)]
      return [hop.moved?.url ?? about.url, next]
    },
    release: () => void (held = undefined),
  }
}

/**
 * The body is inside a Request, which gives it once: a clone is kept for as long as it may be needed,
 * unless the caller gave a stream, which is made anew or not sent again.
 */
function fromRequest(about: About, request: Request, init: RequestInit, source: unknown): Outgoing {
  const factory = bodyFactory(source)
  const isReusable = !isOneShot(source) && !request.bodyUsed
  const { signal, credentials, cache } = request
  let current: Request | undefined = request
  return {
    ...about,
    replayable: factory !== undefined || isReusable,
    hold: () => undefined, // a Request has its own copy
    next(hop, keep) {
      const next = { ...init, ...changes(about, hop) }
      if (next.body === null || (current === undefined && factory)) {
        const body = next.body === null ? {} : { body: factory?.() as BodyInit, duplex: 'half' }
        return [hop.moved?.url ?? about.url, { signal, credentials, cache, ...next, ...body }]
      }
      const from = current ?? request
      current = keep && isReusable ? from.clone() : undefined
      return [new Request(at(hop, from), next), beside(request, init)]
    },
    release: () => void current?.body?.cancel().catch(() => undefined),
  }
}

/** What a sending changes of the caller's `init`, which may itself have changed since the call. */
function changes({ headers, method }: About, hop: Hop): RequestInit {
  const { redirect, cache, moved } = hop
  const next: RequestInit = { method, redirect, headers: headersOf(headers, hop) }
  if (cache) next.cache = cache
  if (moved) next.method = moved.method
  if (moved?.withBody === false) next.body = null
  return next
}

const at = ({ moved }: Hop, request: Request) => (moved ? new Request(moved.url, request) : request)

/**
 * What goes beside a Request: options that only this `fetch` knows, such as Next's `next`; and the signal
 * itself, since Node lets the one of a Request that nobody holds be collected, and an abort is lost.
 */
function beside(request: Request, init: RequestInit): RequestInit {
  const unknown = Object.entries(init).filter(([name]) => !(name in request))
  const signal = init.signal === undefined ? request.signal : init.signal
  return { ...Object.fromEntries(unknown), signal }
}
