import { expectKnown, type OptionNames, parseAddress, readObject } from '@latchkey/core/service'
import { resourceDiscoveryRequest } from 'oauth4webapi'
import { unavailable } from '../refusal.ts'
import { type Exchange, requestOptions } from '../sending.ts'
import { exchangeOf, type LookupOptions, lookupOptions, unexpected } from './lookup.ts'

/** Options of discoverResource(). */
export interface DiscoverOptions extends LookupOptions {
  /**
   * URL of the API's metadata: `resource_metadata` in its challenge. Default: the place that RFC 9728 defines,
   * for the API's path or for its origin.
   */
  metadataUrl?: string | undefined
}

/** An API's metadata as options for `oauth()`, which then only needs a `clientId`. */
export interface ProtectedResource {
  /** The only origin that the token is sent to: that of the address. */
  origin: string
  /** The issuer of its tokens; the first, if the API names several. */
  issuer: string
  /** The API's own identifier, for which tokens are issued (RFC 8707). */
  resource: string
  /** The scopes it supports, separated by spaces, if it lists them. */
  scope?: string
}

const KNOWN: OptionNames<DiscoverOptions> = { metadataUrl: 'text', ...lookupOptions }

/**
 * Asks an API, such as an MCP server, for its authorization server (RFC 9728). Refuses metadata about another
 * API: it has to name the address, or a path above it, at the same origin.
 *
 * @param address The API's address, such as `https://mcp.example.com/mcp`.
 * @throws {LatchkeyError} `ERR_SERVER_UNAVAILABLE` when it cannot be asked, or has no metadata;
 *   `ERR_UNEXPECTED_ANSWER` when its metadata names no issuer or is about another API; `ERR_INVALID_OPTION`;
 *   and `signal`'s own reason.
 *
 * @example
 * const found = await discoverResource('https://mcp.example.com/mcp')
 * const manager = oauth({ ...found, ...(await registerClient(found.issuer)) })
 */
export async function discoverResource(
  address: string,
  given: DiscoverOptions = {},
): Promise<ProtectedResource> {
  const options = expectKnown(given, KNOWN)
  const rules = { allowInsecure: options.allowInsecure === true }
  const url = parseAddress('address', address, rules)
  const { metadataUrl } = options
  const told =
    metadataUrl === undefined ? undefined : parseAddress('metadataUrl', metadataUrl, rules)
  const metadata = readObject(await readMetadata(url, told, exchangeOf(options)))
  const { resource, authorization_servers: issuers, scopes_supported: scopes } = metadata
  if (typeof resource !== 'string' || !isAbove(resource, url)) {
    throw unexpected(
      `The metadata of ${url.href} is about another API, so it was not used. Check the address.`,
    )
  }
  const issuer: unknown = Array.isArray(issuers) ? issuers[0] : undefined
  if (typeof issuer !== 'string') {
    throw unexpected(`The metadata of ${url.href} names no authorization server.`)
  }
  const scope = Array.isArray(scopes) ? scopes.join(' ') : ''
  return { origin: url.origin, issuer, resource, ...(scope !== '' && { scope }) }
}

async function readMetadata(url: URL, told: URL | undefined, exchange: Exchange): Promise<string> {
  const { fetch, signal } = exchange
  const headers = { accept: 'application/json' }
  const asked = told
    ? await fetch(told, { headers, ...(signal && { signal }) })
    : await resourceDiscoveryRequest(url, requestOptions(exchange))
  const isRefused = asked.status >= 400 && asked.status < 500 // not every server has a 404 for it
  const isElsewhere = !told && url.pathname !== '/' && isRefused
  const atOrigin = () => resourceDiscoveryRequest(new URL(url.origin), requestOptions(exchange))
  const response = isElsewhere ? await atOrigin() : asked
  if (response.status === 200) return response.text()
  const said = `${url.href} answered ${response.status} when asked for its authorization server (RFC 9728).`
  throw unavailable(said, response)
}

/** Returns whether `resource` names the API at `url`, or a path above it. */
function isAbove(resource: string, url: URL): boolean {
  if (!URL.canParse(resource)) return false
  const { origin, pathname } = new URL(resource)
  const base = pathname.replace(/\/$/, '')
  return origin === url.origin && `${url.pathname}/`.startsWith(`${base}/`)
}
