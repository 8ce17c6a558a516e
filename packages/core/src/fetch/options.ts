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
export function readMembers(source: object, target: Init): Init {
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
