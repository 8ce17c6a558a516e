/** Statuses that mean "later", from an API or from a gateway: too slow, too early, too many. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429])

/** Schemes of a proxy that wants its own sign-in. An API with tokens does not use them. */
const OF_A_PROXY = /^\s*(basic|digest|negotiate|ntlm|kerberos)\b/i

/** AWS's gateway names its own errors in a header. */
const OF_A_GATEWAY = /^(forbidden|accessdenied|missingauth)/i
/** A page, also without its type, or the text of Cloudflare or Envoy. */
const NO_API = /^\s*(<|error code:|rbac:)/i

/** Returns whether an answer is a web page. */
export const isPage = (headers: Headers): boolean =>
  /\bx?html\b/i.test(headers.get('content-type') ?? '')

/**
 * Returns whether an answer comes from something other than the API: a firewall's page, a proxy's challenge, a
 * gateway's timeout, a failing server. It does not affect the session.
 *
 * @param text The answer's body.
 */
export function isForeignAnswer({ status, headers }: Response, text: string): boolean {
  if (status >= 500 || PASSING.has(status)) return true
  if (status < 400) return false
  if (isPage(headers) || NO_API.test(text)) return true
  if (OF_A_GATEWAY.test(headers.get('x-amzn-errortype') ?? '')) return true
  if (status === 407 || headers.has('proxy-authenticate')) return true
  const asksElse = OF_A_PROXY.test(headers.get('www-authenticate') ?? '')
  return headers.has('cf-mitigated') || (asksElse && !/^\s*[{["]/.test(text))
}
