import { LatchkeyError } from '../errors.ts'
import { CREDENTIAL_HEADERS } from '../kernel/authorization.ts'
import { baseUrl, parseUrl } from '../origin.ts'
import type { FetchInput } from './options.ts'
import { isRedirect, letGo, markCredentialDropped } from './response-view.ts'

/** As many as the fetch standard allows (section 4.4). */
const MAX_REDIRECTS = 20
const PRIVATE_HEADERS = [...CREDENTIAL_HEADERS, 'cookie', 'proxy-authorization', 'host']
const BODY_HEADERS = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-location',
]

type Credentials = Readonly<Record<string, string>>

/** Where a redirect has led, and what the request has become there. */
export interface Moved {
  url: URL
  method: string
  /** All of them. */
  headers: Headers
  /** False where the redirect turned the request into a GET. */
  withBody: boolean
  referrerPolicy: ReferrerPolicy | undefined
}

/** A request that can be sent to where a redirect leads. */
export interface Hopping {
  readonly url: string
  readonly method: string
  /** Whether the body, if any, can be sent again. */
  readonly replayable: boolean
  /** The caller's own headers, with `credentials` set over them. */
  withCredentials(credentials: Credentials): Headers | Record<string, string>
  /** The arguments of the call that follows a redirect; `keep`: another one may follow it. */
  hop(moved: Moved, redirect: RequestRedirect, keep: boolean): Promise<[FetchInput, RequestInit?]>
}

/**
 * Goes where `first` leads, and on from there, as the platform would (fetch standard, section 4.4).
 *
 * @param keep Whether another sending may follow the last one.
 * @throws {LatchkeyError} `ERR_REDIRECT_REFUSED`, for what only we refuse; else a TypeError, as from the platform.
 */
export async function follow(
  send: typeof fetch,
  request: Hopping,
  credentials: Credentials,
  first: Response,
  keep: boolean,
): Promise<Response> {
  const moved: Moved = {
    url: new URL(request.url, baseUrl()),
    method: request.method,
    headers: new Headers(request.withCredentials(credentials)),
    withBody: true,
    referrerPolicy: undefined,
  }
  let response = first
  let isDropped = false
  for (let hops = 0; ; hops += 1) {
    const { url: from, headers } = moved
    if (response.type === 'opaqueredirect') throw refused(from, HIDDEN)
    const location = isRedirect(response.status) ? response.headers.get('location') : null
    if (location === null) {
      if (isDropped) markCredentialDropped(response)
      return hops === 0 ? response : Object.defineProperty(response, 'redirected', { value: true })
    }
    letGo(response)
    const target = targetOf(location, from)
    if (!target?.protocol.startsWith('http')) throw failed(from, 'It leads to no http(s) URL.')
    if (target.username || target.password)
      throw failed(from, 'Its address holds a user name or password.')
    if (hops === MAX_REDIRECTS) throw failed(from, `It is one of more than ${MAX_REDIRECTS}.`)
    // Also where it becomes a GET, but for 303: as the standard has it.
    if (moved.withBody && response.status !== 303 && !request.replayable) {
      throw failed(from, 'The body is a stream already sent.')
    }
    if (becomesGet(response.status, moved.method)) {
      moved.method = 'GET'
      moved.withBody = false
      for (const name of BODY_HEADERS) headers.delete(name)
    }
    if (target.origin !== from.origin) {
      isDropped = true
      for (const name of [...PRIVATE_HEADERS, ...Object.keys(credentials)]) headers.delete(name)
    }
    moved.url = target
    moved.referrerPolicy = policyOf(response.headers) ?? moved.referrerPolicy
    response = await send(...(await request.hop(moved, 'manual', keep || moved.withBody)))
  }
}

/** Where `Location` leads; a client gives its bytes as Latin-1, and they are UTF-8. It goes on with the old fragment. */
function targetOf(location: string, from: URL): URL | undefined {
  const bytes = Uint8Array.from(location, (char) => char.charCodeAt(0))
  const isRaw = /[\x80-\xff]/.test(location) && !/[^\0-\xff]/.test(location)
  const target = parseUrl(isRaw ? new TextDecoder().decode(bytes) : location, from.href)
  if (target && target.hash === '' && !location.includes('#')) target.hash = from.hash
  return target
}

/** The last policy that a redirect sets (Referrer Policy, section 8.1). */
function policyOf(headers: Headers): ReferrerPolicy | undefined {
  const said = headers.get('referrer-policy')?.toLowerCase().split(',') ?? []
  return said.map((one) => one.trim()).findLast((one) => POLICY.test(one)) as
    | ReferrerPolicy
    | undefined
}

const POLICY =
  /^(no-referrer(-when-downgrade)?|(strict-)?origin(-when-cross-origin)?|same-origin|unsafe-url)$/

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

/** As the platform fails, with our reason as the cause. */
const failed = (url: URL, why: string) =>
  new TypeError('fetch failed', { cause: refused(url, why) })
