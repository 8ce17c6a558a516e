import { invalidOption } from './option-names.ts'

/** The loopback names and literals that secure contexts trust; every spelling, since URLs normalise them. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * `value` resolved against `base`; `undefined` when it is no URL.
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

/** What the platform resolves a relative URL against: a page's base, or a worker's own address. */
export const baseUrl = (): string | undefined =>
  globalThis.document?.baseURI ?? globalThis.location?.href

/**
 * Whether secrets may travel to `url`: by https; by plain http to this very machine only, unless
 * `allowInsecure`.
 *
 * @param url Where they would go.
 * @group For adapters and services
 */
export function mayCarrySecrets({ protocol, hostname }: URL, allowInsecure = false): boolean {
  if (protocol !== 'http:') return protocol === 'https:'
  return allowInsecure || LOOPBACK.test(hostname)
}

/**
 * Whether `url` is at one of `origins`, as far as its first characters show. An origin and a slash prove
 * it, whatever follows: the slash ends the host (URL standard, authority state). Else it has to be parsed.
 */
export function isPlainlyAt(origins: ReadonlySet<string>, url: string): boolean {
  for (const origin of origins) {
    if (url.startsWith(origin) && url[origin.length] === '/') return true
  }
  return false
}

/**
 * The origin that was probably meant by `url`, which is at none: one of the same host, or of this very machine by
 * another name.
 */
export function nearestOrigin(origins: ReadonlySet<string>, url: URL): string | undefined {
  if (origins.has(url.origin)) return undefined
  return [...origins].find((origin) => {
    const { hostname } = new URL(origin)
    return hostname === url.hostname || (LOOPBACK.test(hostname) && LOOPBACK.test(url.hostname))
  })
}

/**
 * The origins a token may go to. Compared whole and exactly, never by prefix or pattern.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` for none, a relative one, one with a path or a password,
 *   another scheme than http(s), and plain http beyond loopback unless `allowInsecure`.
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

/** How strict to be with an address. */
interface AddressRules {
  /** Whether plain http may leave this machine. */
  allowInsecure: boolean
  /** What a relative address is below. Absent: it must be absolute. */
  below?: URL
  /** Whether others are made of it, so that it ends with a slash and has no query. */
  isBase?: boolean
}

/**
 * The address that an option names, which secrets may go to.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option, for what is not an http(s) URL, one that holds a
 *   user, a password or a fragment, and plain http beyond loopback unless `allowInsecure`.
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
      `is plain http beyond this machine (${url.host}): anybody on the way could read the secrets. Use https, or set \`allowInsecure: true\` if you accept that.`,
    )
  }
  if (isBase) url.pathname = url.pathname.replace(/\/*$/, '/')
  return url
}
