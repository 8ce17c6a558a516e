import { invalidOption } from './option-names.ts'

/** The loopback names and addresses that browsers trust. URLs normalise other spellings to these. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * Resolves `value` against `base`. Returns `undefined` if it is not a URL.
 *
 * @group For adapters and services
 */
export function parseUrl(value: string | URL, base?: string): URL | undefined {
  try {
    return new URL(value, base)
  } catch {
    return undefined
  }
}

/**
 * Returns what the platform resolves a relative URL against: a page's base, or a worker's own address.
 *
 * @group For adapters and services
 */
export const pageBase = (): string | undefined =>
  globalThis.document?.baseURI ?? globalThis.location?.href

/**
 * Returns whether secrets may be sent to `url`: over https, or over plain http to this machine only, unless
 * `allowInsecure` is set.
 *
 * @param url Where they would be sent.
 * @group For adapters and services
 */
export function mayCarrySecrets({ protocol, hostname }: URL, allowInsecure = false): boolean {
  if (protocol !== 'http:') return protocol === 'https:'
  return allowInsecure || LOOPBACK.test(hostname)
}

/**
 * Returns whether the first characters of `url` show that it is at one of `origins`. An origin followed by a slash
 * proves it, because the slash ends the host (URL standard, authority state). Otherwise the URL has to be parsed.
 */
export function isPlainlyAt(origins: ReadonlySet<string>, url: string): boolean {
  for (const origin of origins) {
    if (url.startsWith(origin) && url[origin.length] === '/') return true
  }
  return false
}

/**
 * Returns the origin that was probably meant by `url`, which is not at any of them: one with the same host, or
 * another name of this machine.
 */
export function nearestOrigin(origins: ReadonlySet<string>, url: URL): string | undefined {
  if (origins.has(url.origin)) return undefined
  return [...origins].find((origin) => {
    const { hostname } = new URL(origin)
    return hostname === url.hostname || (LOOPBACK.test(hostname) && LOOPBACK.test(url.hostname))
  })
}

/**
 * Parses the origins that a token may go to. They are compared as a whole and exactly, never by prefix or pattern.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` for an empty list, a relative URL, one with a path or a password, a
 *   scheme other than http(s), and plain http beyond loopback unless `allowInsecure` is set.
 */
export function parseOrigins(
  origin: string | readonly string[],
  allowInsecure: boolean,
): ReadonlySet<string> {
  const list = typeof origin === 'string' ? [origin] : origin
  if (!Array.isArray(list) || list.length === 0) {
    throw invalidOption(
      `\`origin\` must name at least one origin: a string, or a list of strings${EXAMPLE}`,
    )
  }
  return new Set(list.map((entry) => parseOrigin(entry, allowInsecure)))
}

function parseOrigin(entry: unknown, allowInsecure: boolean): string {
  const url = parseAddress('origin', entry, { allowInsecure })
  if (url.pathname !== '/' || url.search) {
    throw invalidOption(`\`origin\` must be scheme, host and port only: ${url.origin}${EXAMPLE}`)
  }
  return url.origin
}

const EXAMPLE = '. Example: "https://api.example.com".'

/** The rules for checking an address. */
interface AddressRules {
  /** Whether plain http may go beyond this machine. */
  allowInsecure: boolean
  /** The base of a relative address. Absent: the address must be absolute. */
  below?: URL
  /** Whether other addresses are built from it, so that it must end with a slash and have no query. */
  isBase?: boolean
}

/**
 * Parses the address in an option, which secrets may be sent to.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option: for anything but an http(s) URL, for a URL with
 *   a user, a password or a fragment, and for plain http beyond loopback unless `allowInsecure` is set.
 */
export function parseAddress(
  option: string,
  value: unknown,
  { allowInsecure, below, isBase = false }: AddressRules,
): URL {
  const invalid = (problem: string) => invalidOption(`\`${option}\` ${problem}`)
  const url = typeof value === 'string' ? parseUrl(value, below?.href) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.hash || (isBase && url.search)) {
    const without = isBase ? ' without a query' : ''
    throw invalid(`must be an absolute http(s) URL${without}${EXAMPLE}`)
  }
  if (url.username || url.password) throw invalid('must not hold a user name or password.')
  if (!mayCarrySecrets(url, allowInsecure)) {
    throw invalid(
      `is plain http beyond this machine (${url.host}), so anyone on the network path could read the secrets. Use https, or set \`allowInsecure: true\` if you accept that.`,
    )
  }
  if (isBase) url.pathname = url.pathname.replace(/\/*$/, '/')
  return url
}
