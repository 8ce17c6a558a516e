/** The members of a RequestInit (fetch standard, section 5.4), which a Request has as well. */
const MEMBERS = [
  'method',
  'headers',
  'body',
  'referrer',
  'referrerPolicy',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'integrity',
  'keepalive',
  'signal',
  'duplex',
  'priority',
] as const

/** What `fetch` takes. */
export type FetchInput = Parameters<typeof fetch>[0]

/** What a caller gave to a client that makes a Request of it, before that. */
export interface Given {
  body?: unknown
  /** A Request follows the signal it was given, with one of its own. */
  signal?: AbortSignal | null | undefined
  /** The client's hooks that may have put another Request in place of the one made of `body`. */
  hooks?: { beforeRequest?: readonly unknown[] } | undefined
  /** Where options that are not the client's own are. */
  context?: { skipAuth?: unknown } | undefined
}

export const NOTHING: Given = {
  body: undefined,
  signal: undefined,
  hooks: undefined,
  context: undefined,
}

/** A browser takes no headers of ours there, so nothing is added: as if the caller had set them all. */
export const TAKES_NONE = { has: () => true }

/** Options of `fetch`, those of its runtime included. */
export type Init = RequestInit & Record<PropertyKey, unknown>

export const EMPTY = Object.freeze({}) as Init

/** A Request of any make: the global class, undici's, node-fetch's, one of another realm. */
export const isRequest = (input: unknown): input is Request =>
  typeof input === 'object' && input !== null && 'headers' in input && 'url' in input

/**
 * The options as they are now. Each is read once, as the platform does, and inherited ones count: a Request may be the
 * options of a call, and so may an object of a class.
 */
export function readInit(given: object | null | undefined): Init {
  if (given === null || given === undefined) return EMPTY
  const init: Init = { ...given }
  const parent: unknown = Object.getPrototypeOf(given)
  if (parent !== null && Object.getPrototypeOf(parent) !== null) readMembers(given, init)
  return init
}

/** Sets what `source` has, itself or inherited, and `target` has not. */
function readMembers(source: object, target: Init): Init {
  const members = source as Record<string, unknown>
  for (const name of MEMBERS) {
    if (Object.hasOwn(target, name)) continue
    const value = name in source ? members[name] : undefined
    if (value !== undefined) Reflect.set(target, name, value)
  }
  return target
}

/** As fetch sends it (fetch standard, section 2.2.1): others stay as they are. */
export const normalMethod = (method: unknown): string =>
  /^(delete|get|head|options|post|put)$/i.test(String(method))
    ? String(method).toUpperCase()
    : String(method)

/** Options that only one `fetch` knows, such as Next's `next`; a patched Request may know them too. */
export function foreignOptions(options: Init): Init {
  const init = { ...options }
  for (const name of MEMBERS) delete init[name]
  return init
}

/** Its own class: what made it can read it. */
export const makerOf = (request: object): typeof Request =>
  request instanceof Request ? Request : (request.constructor as typeof Request)

export const remade = (request: Request, init: object): Request =>
  new (makerOf(request))(request, init)

/** All that `request` is, without its body, which cannot be taken out of it; `init` over it. */
export function membersOf(request: Request, init: Init): Init {
  const own = Object.entries(init).filter(([, value]) => value !== undefined)
  const all = readMembers(
    request,
    Object.assign({}, request, { body: undefined }, Object.fromEntries(own)),
  )
  if (all.mode === 'navigate') delete all.mode
  if (all.body) all.duplex = 'half'
  return all
}

type Credentials = Readonly<Record<string, string>>

/**
 * What is asked of the platform for a sending with `credentials`, which never leave the origin: `'manual'`, so that
 * redirects are followed in redirects.ts.
 *
 * Every common client drops only `Authorization` when a redirect leads to another host, and sends
 * `xc-auth` and the like along (whatwg/fetch#944). So credentials are dropped at the first foreign hop, for good,
 * and the response tells of it. Where a browser hides the redirect, `Authorization` alone is left to the browser, and
 * anything else is refused.
 *
 * @param wanted What the caller wants.
 * @param watch Whether the caller has to know if the credentials were dropped. `Authorization`, which every
 *   platform drops by itself, is left to it otherwise, so that no body has to be kept for a redirect.
 */
export function redirectMode(
  wanted: RequestRedirect,
  credentials: Credentials,
  watch: boolean,
): RequestRedirect {
  if (wanted !== 'follow') return wanted
  return (!watch || isBrowser()) && onlyAuthorization(credentials) ? 'follow' : 'manual'
}

const onlyAuthorization = (credentials: object) =>
  Object.keys(credentials).every((name) => name === 'authorization')

/** Pages and their workers. A server runtime may have a `WorkerGlobalScope` too, so that tells nothing. */
export const isBrowser = (): boolean =>
  'XMLHttpRequest' in globalThis || 'importScripts' in globalThis
