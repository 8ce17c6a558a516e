import { parseUrl } from './origin.ts'
import { bodyFactory, isOneShot, snapshot } from './replayable.ts'

/** What `fetch` takes. */
export type FetchInput = Parameters<typeof fetch>[0]

/** What a caller gave to a client that makes a Request of it, before that. */
export interface Given {
  body?: unknown
  /** A Request follows the signal it was given, with one of its own. */
  signal?: AbortSignal | null | undefined
}

/** Where one sending goes, and how. */
export interface Hop {
  url: URL
  method: string
  headers: Headers
  redirect: RequestRedirect
  /** False after a redirect that turned the request into a GET. */
  withBody: boolean
  /** Absent: as the caller said. */
  cache?: RequestCache
}

/** A call of `fetch` taken apart, so that it can be made more than once. */
export interface Outgoing {
  url: URL
  method: string
  /** The caller's own headers. */
  headers: Headers
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

/**
 * Takes a call of `fetch` apart.
 *
 * @param given What the caller gave, where a client has made a Request of it already.
 * @returns `undefined` when nothing can be added: there is no URL, of which the client had better
 *   complain in its own words, or a browser takes no headers (`no-cors`).
 */
export function outgoing(
  input: FetchInput,
  init: RequestInit = {},
  given: Given = {},
): Outgoing | undefined {
  const request = typeof input === 'object' && 'headers' in input ? input : undefined
  const url = parseUrl(request ? request.url : (input as string | URL), globalThis.location?.href)
  if (!url || (init.mode ?? request?.mode) === 'no-cors') return undefined
  const about = {
    url,
    method: init.method ?? request?.method ?? 'GET',
    headers: new Headers(init.headers ?? request?.headers),
    signal: given.signal ?? init.signal ?? request?.signal ?? undefined,
    redirect: init.redirect ?? request?.redirect ?? 'follow',
  }
  const carriesBody = request?.body && (init.body === undefined || init.body === null)
  const sending = carriesBody
    ? fromRequest(url, request, init, given.body)
    : fromInit(url, request, init)
  return { ...about, ...sending }
}

type Sending = Pick<Outgoing, 'replayable' | 'next' | 'hold' | 'release'>

/** The body is in `init`, where it stays; or it is a stream, and gone after the first time. */
function fromInit(original: URL, request: Request | undefined, init: RequestInit): Sending {
  const factory = bodyFactory(init.body)
  let sent = false
  let held: RequestInit | undefined
  const hold = () => {
    held ??= init.body === undefined || init.body === null ? {} : { body: snapshot(init.body) }
  }
  return {
    replayable: factory !== undefined || !isOneShot(init.body),
    hold,
    next({ url, withBody, ...hop }, keep) {
      if (keep) hold()
      const next: RequestInit = { ...init, ...held, ...hop }
      if (!withBody) next.body = null
      else if (sent && factory) next.body = factory() as BodyInit
      sent = true
      if (!request) return [url, next]
      const from = url === original ? request : new Request(url, request)
      return [new Request(from, next), beside(request, init)]
    },
    release: () => void (held = undefined),
  }
}

/**
 * The body is inside a Request, which gives it once: a clone is kept for as long as it may be needed,
 * unless the caller gave a stream, which is made anew or not sent again.
 */
function fromRequest(original: URL, request: Request, init: RequestInit, source: unknown): Sending {
  const factory = bodyFactory(source)
  const isReusable = !isOneShot(source) && !request.bodyUsed
  const { signal, credentials, cache } = request
  let current: Request | undefined = request
  return {
    replayable: factory !== undefined || isReusable,
    hold: () => undefined, // a Request has its own copy
    next({ url, withBody, ...hop }, keep) {
      const next = { ...init, ...hop }
      if (!withBody) return [url, { signal, credentials, cache, ...next }]
      if (current === undefined && factory) {
        const body = { body: factory() as BodyInit, duplex: 'half' }
        return [url, { signal, credentials, cache, ...next, ...body }]
      }
      const from = current ?? request
      current = keep && isReusable ? from.clone() : undefined
      return [
        new Request(url === original ? from : new Request(url, from), next),
        beside(request, init),
      ]
    },
    release: () => void current?.body?.cancel().catch(() => undefined),
  }
}

/**
 * What goes beside a Request: options that only this `fetch` knows, such as Next's `next`; and the signal
 * itself, since Node lets the one of a Request that nobody holds be collected, and an abort is lost.
 */
function beside(request: Request, init: RequestInit): RequestInit {
  const unknown = Object.entries(init).filter(([name]) => !(name in request))
  const signal = init.signal === undefined ? request.signal : init.signal
  return { ...Object.fromEntries(unknown), signal }
}
