import { CREDENTIAL_HEADERS } from '../kernel/authorization.ts'
import { LatchkeyError } from '../errors.ts'
import { type Hop, type Moved, type Outgoing, outgoing } from './outgoing.ts'
import { parseUrl } from '../origin.ts'
import { markCredentialDropped } from './response-view.ts'

/** As many as the fetch standard allows (section 4.4). */
const MAX_REDIRECTS = 20
const PRIVATE_HEADERS = [...CREDENTIAL_HEADERS, 'cookie', 'proxy-authorization']
const BODY_HEADERS = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-location',
]

/**
 * The first hop of a sending, with `credentials` added, which never leave the origin.
 *
 * Every common client drops only `Authorization` when a redirect leads to another host, and sends
 * `xc-auth` and the like along (whatwg/fetch#944). So the redirects are followed here: credentials are
 * dropped at the first foreign hop, for good, and the response tells of it. Where a browser hides the
 * redirect, `Authorization` alone is left to the browser, and anything else is refused.
 *
 * @param watch Whether somebody asks if the credentials were dropped. `Authorization`, which every
 *   platform drops by itself, is left to it otherwise, so that no body has to be kept for a redirect.
 */
export function firstHop(
  { redirect }: Outgoing,
  credentials: Readonly<Record<string, string>>,
  watch: boolean,
): Hop {
  const isLeft = (!watch || isBrowser()) && onlyAuthorization(credentials)
  const follows = !isLeft && redirect === 'follow'
  return { credentials, redirect: follows ? 'manual' : redirect, follows }
}

/** Whether `response` is a redirect, or what a browser shows of one, for us to follow. */
export const leadsOn = (response: Response, { follows }: Hop): boolean =>
  follows && (isRedirect(response.status) || isHidden(response))

/**
 * `send`, made to follow redirects so that credentials never leave the origin, for clients that set them
 * themselves: they are dropped at the first foreign hop, for good. Where a browser hides the redirect,
 * `Authorization` alone is left to the browser, and anything else is refused.
 *
 * @param send Absent: the platform's own `fetch`, looked up at each call.
 * @param names The credential headers, in lower case; looked at when a request is sent.
 * @throws {LatchkeyError} `ERR_REDIRECT_REFUSED`, from the `fetch` that is returned.
 * @group For adapters and services
 */
export function keepWithinOrigin(
  send: typeof fetch | undefined,
  names: Iterable<string>,
): typeof fetch {
  return async (input, init) => {
    const sender = send ?? globalThis.fetch
    const request = outgoing(input, init, send)
    if (!request) return sender(input, init)
    const { headers } = request
    const carried = [...names].filter((name) => headers?.has(name))
    const credentials = carried.map((name) => [name, headers?.get(name) ?? ''] as const)
    const hop = firstHop(request, Object.fromEntries(credentials), true)
    const response = await sender(...request.next(hop, hop.follows))
    return leadsOn(response, hop) ? follow(sender, request, hop, response, false) : response
  }
}

/**
 * Goes where `first` leads, and on from there.
 *
 * @param keep Whether another sending may follow the last one.
 * @throws {LatchkeyError} `ERR_REDIRECT_REFUSED`.
 */
export async function follow(
  send: typeof fetch,
  request: Outgoing,
  hop: Hop,
  first: Response,
  keep: boolean,
): Promise<Response> {
  const url = new URL(request.url, globalThis.location?.href)
  const headers = new Headers(request.sealed(hop.credentials))
  const moved: Moved = { url, method: request.method, headers, withBody: true }
  let response = first
  let isDropped = false
  for (let hops = 0; ; hops += 1) {
    const { url: from } = moved
    if (isHidden(response)) throw refused(from, HIDDEN)
    const location = isRedirect(response.status) ? response.headers.get('location') : null
    if (location === null) {
      if (isDropped) markCredentialDropped(response)
      return hops === 0 ? response : Object.defineProperty(response, 'redirected', { value: true })
    }
    const target = parseUrl(location, from.href)
    if (!target?.protocol.startsWith('http')) throw refused(from, 'It leads to no http(s) URL.')
    if (hops === MAX_REDIRECTS) throw refused(from, `It is one of more than ${MAX_REDIRECTS}.`)
    response.body?.cancel().catch(() => undefined)
    if (becomesGet(response.status, moved.method)) {
      moved.method = 'GET'
      moved.withBody = false
      for (const name of BODY_HEADERS) headers.delete(name)
    }
    if (target.origin !== from.origin) {
      isDropped = true
      for (const name of [...PRIVATE_HEADERS, ...Object.keys(hop.credentials)]) headers.delete(name)
    }
    if (moved.withBody && !request.replayable)
      throw refused(from, 'The body is a stream already sent.')
    moved.url = target
    response = await send(...request.next({ ...hop, moved }, keep || moved.withBody))
  }
}

const onlyAuthorization = (credentials: object) =>
  Object.keys(credentials).every((name) => name === 'authorization')

const isHidden = ({ type }: Response): boolean => type === 'opaqueredirect'

/** Pages and their workers. A server runtime may have a `WorkerGlobalScope` too, so that tells nothing. */
const isBrowser = (): boolean => 'XMLHttpRequest' in globalThis || 'importScripts' in globalThis

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/** RFC 9110 section 15.4: 303 asks for a GET, and 301 and 302 are treated so after a POST. */
const becomesGet = (status: number, method: string): boolean =>
  status === 303 ? !/^(get|head)$/i.test(method) : status < 303 && /^post$/i.test(method)

const HIDDEN =
  'A browser does not let us see where it leads, and would take the token there. Request the final URL directly, or use the bearer scheme.'

function refused(url: URL, why: string): LatchkeyError {
  const where = url.origin + url.pathname
  return new LatchkeyError(
    'ERR_REDIRECT_REFUSED',
    `A redirect from ${where} was not followed. ${why}`,
  )
}
