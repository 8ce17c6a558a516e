/** The members of a RequestInit (fetch standard, section 5.4). A Request has them too. */
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

/** The first argument of `fetch`. */
export type FetchInput = Parameters<typeof fetch>[0]

/** The caller's own options, for a client that builds a Request from them. */
export interface Given {
  body?: unknown
  /** A Request has its own signal, which follows this one. */
  signal?: AbortSignal | null | undefined
  /** The client's hooks. They may have replaced the Request that was made from `body`. */
  hooks?: { beforeRequest?: readonly unknown[] } | undefined
  /** The client's place for options of others. */
  context?: { skipAuth?: unknown } | undefined
}

export const NOTHING: Given = {
  body: undefined,
  signal: undefined,
  hooks: undefined,
  context: undefined,
}

/** Headers that contain every name. A browser accepts no headers in this mode, so the manager adds none. */
export const TAKES_NONE = { has: () => true }

/** The options of `fetch`, including those of one runtime only. */
export type Init = RequestInit & Record<PropertyKey, unknown>

/** Returns options that inherit nothing, not even what a careless merge has put on `Object.prototype`. */
export const ownInit = (...parts: object[]): Init =>
  Object.assign(Object.create(null), ...parts) as Init

export const EMPTY = Object.freeze(ownInit())

/** Whether `input` is a Request of any class: the global one, undici's, node-fetch's, or one of another realm. */
export const isRequest = (input: unknown): input is Request =>
  typeof input === 'object' && input !== null && 'headers' in input && 'url' in input

/**
 * Returns the options as they are now. Each is read once, as the platform does. Inherited options are read too,
 * because a Request, or an object of any class, may be the options of a call.
 */
export function readInit(given: object | null | undefined): Init {
  if (given === null || given === undefined) return EMPTY
  const init = ownInit(given)
  const parent: unknown = Object.getPrototypeOf(given)
  if (parent !== null && Object.getPrototypeOf(parent) !== null) readMembers(given, init)
  return init
}

/** Copies the members that `source` has, its own or inherited, and `target` does not have. */
function readMembers(source: object, target: Init): Init {
  const members = source as Record<string, unknown>
  for (const name of MEMBERS) {
    if (Object.hasOwn(target, name)) continue
    const value = name in source ? members[name] : undefined
    if (value !== undefined) Reflect.set(target, name, value)
  }
  return target
}

/** Returns a method in the form that fetch sends (fetch standard, section 2.2.1). Other methods stay unchanged. */
export const normalMethod = (method: unknown): string =>
  /^(delete|get|head|options|post|put)$/i.test(String(method))
    ? String(method).toUpperCase()
    : String(method)

/** Returns the options that only one `fetch` knows, such as Next's `next`. A patched Request may know them too. */
export function foreignOptions(options: Init): Init {
  const init = { ...options }
  for (const name of MEMBERS) delete init[name]
  return init
}

/** Returns the class of a request. The library that made the request can read it. */
export const makerOf = (request: object): typeof Request =>
  request instanceof Request ? Request : (request.constructor as typeof Request)

/**
 * Returns the options that a Request needs beside it. Options of any kind reset its referrer (fetch standard,
 * section 5.4). Node may free the signal of a Request that nothing refers to, and then an abort is lost.
 */
export const neededOf = (request: Request, { signal, referrer, referrerPolicy }: Init) => ({
  signal: signal === undefined ? request.signal : signal,
  referrer: referrer ?? request.referrer,
  referrerPolicy: referrerPolicy ?? request.referrerPolicy,
})

export const remade = (request: Request, init: Init): Request =>
  new (makerOf(request))(request, { ...init, ...neededOf(request, init) })

/** Returns all members of `request` with `init` over them, but without the body, which cannot be copied. */
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
 * Chooses the redirect mode for a request with `credentials`, which must never leave the origin. With `'manual'`,
 * redirects.ts follows the redirects.
 *
 * Every common client removes only `Authorization` when a redirect leads to another host, but sends `xc-auth` and
 * similar headers along (whatwg/fetch#944). So redirects.ts removes credentials at the first redirect to another
 * origin, never adds them again, and marks the response. If a browser hides the redirect, the browser handles
 * `Authorization`, and any other credential is an error.
 *
 * @param wanted The mode that the caller wants.
 * @param watch Whether the caller must know that the credentials were removed. If not, `Authorization` is left to
 *   the platform, which removes it by itself, so that no body has to be kept for a redirect.
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

/**
 * Whether this is a page or one of its workers. A server runtime may have a `WorkerGlobalScope` too, so that is no
 * proof.
 */
export const isBrowser = (): boolean =>
  'XMLHttpRequest' in globalThis || 'importScripts' in globalThis
