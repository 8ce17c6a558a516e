import { LatchkeyError } from '../errors.ts'
import { CREDENTIAL_HEADERS } from '../kernel/authorization.ts'
import { pageBase, parseUrl } from '../origin.ts'
import type { FetchInput } from './options.ts'
import { isRedirect, letGo, markCredentialDropped } from './response-view.ts'

/** The limit of the fetch standard (section 4.4). */
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

/** The target of a redirect, and the request as it is sent there. */
export interface Moved {
  url: URL
  method: string
  /** All headers of the request. */
  headers: Headers
  /** False if the redirect turned the request into a GET. */
  withBody: boolean
  referrerPolicy: ReferrerPolicy | undefined
}

/** A request that can follow a redirect. */
export interface Hopping {
  readonly url: string
  readonly method: string
  /** Whether the body, if any, can be sent again. */
  readonly replayable: boolean
  /** Returns the caller's own headers, with `credentials` set over them. */
  withCredentials(credentials: Credentials): Headers | Record<string, string>
  /** Returns the arguments of the call that follows a redirect. `keep`: whether another redirect may follow. */
  hop(moved: Moved, redirect: RequestRedirect, keep: boolean): Promise<[FetchInput, RequestInit?]>
}

/**
 * Follows the redirect `first` and those after it, as the platform would (fetch standard, section 4.4).
 *
 * @param keep Whether another attempt may follow.
 * @throws {LatchkeyError} `ERR_REDIRECT_REFUSED`, if only Latchkey refuses it; else a TypeError, as from the
 *   platform.
 */
export async function follow(
  send: typeof fetch,
  request: Hopping,
  credentials: Credentials,
  first: Response,
  keep: boolean,
): Promise<Response> {
  const moved: Moved = {
    url: new URL(request.url, pageBase()),
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
    if (!target?.protocol.startsWith('http'))
      throw failed(from, 'Its target is not an http(s) URL.')
    if (target.username || target.password)
      throw failed(from, 'Its target contains a user name or password.')
    if (hops === MAX_REDIRECTS)
      throw failed(from, `Too many redirects (more than ${MAX_REDIRECTS}).`)
    // The standard asks this even if the request becomes a GET, but not for 303.
    if (moved.withBody && response.status !== 303 && !request.replayable) {
      throw failed(from, 'The body is a stream and was already sent.')
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

/** Returns the target of a redirect. Clients return its UTF-8 bytes as Latin-1. The old fragment is kept. */
function targetOf(location: string, from: URL): URL | undefined {
  const bytes = Uint8Array.from(location, (char) => char.charCodeAt(0))
  const isRaw = /[\x80-\xff]/.test(location) && !/[^\0-\xff]/.test(location)
  const target = parseUrl(isRaw ? new TextDecoder().decode(bytes) : location, from.href)
  if (target && target.hash === '' && !location.includes('#')) target.hash = from.hash
  return target
}

/** Returns the last policy that a redirect sets (Referrer Policy, section 8.1). */
function policyOf(headers: Headers): ReferrerPolicy | undefined {
  const said = headers.get('referrer-policy')?.toLowerCase().split(',') ?? []
  return said.map((one) => one.trim()).findLast((one) => POLICY.test(one)) as
    | ReferrerPolicy
    | undefined
}

const POLICY =
  /^(no-referrer(-when-downgrade)?|(strict-)?origin(-when-cross-origin)?|same-origin|unsafe-url)$/

/** Whether the request becomes a GET: after a 303, and for a POST after a 301 or 302 (RFC 9110 section 15.4). */
const becomesGet = (status: number, method: string): boolean =>
  status === 303 ? !/^(get|head)$/i.test(method) : status < 303 && /^post$/i.test(method)

const HIDDEN =
  'A browser hides the target and would send the token there. Request the final URL directly, or use the bearer scheme.'

function refused(url: URL, why: string): LatchkeyError {
  const where = url.origin + url.pathname
  return new LatchkeyError(
    'ERR_REDIRECT_REFUSED',
    `A redirect from ${where} was not followed. ${why}`,
  )
}

/** Fails as the platform does, with our reason as the cause. */
const failed = (url: URL, why: string) =>
  new TypeError('fetch failed', { cause: refused(url, why) })
