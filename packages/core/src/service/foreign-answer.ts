/** Statuses that say "later", whoever gives them: too many, too early, too slow. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429])

/** Schemes by which a proxy asks for a person or a machine of its own; no API of tokens does. */
const OF_A_PROXY = /^\s*(basic|digest|negotiate|ntlm|kerberos)\b/i

/** Whether an answer says that it is a page, for people to read. */
export const isPage = (headers: Headers): boolean =>
  /\bx?html\b/i.test(headers.get('content-type') ?? '')

/**
 * Whether an answer to a request of ours is not the API's own word about what was sent: a firewall's page, a proxy's
 * challenge, a gateway that gave up, a server in trouble. Nothing follows from it for a session.
 *
 * @param text The answer's body.
 */
export function isForeignAnswer({ status, headers }: Response, text: string): boolean {
  if (status >= 500 || PASSING.has(status)) return true
  if (status < 400) return false
  if (isPage(headers) || /^\s*</.test(text)) return true
  if (status === 407 || headers.has('proxy-authenticate')) return true
  const asksElse = OF_A_PROXY.test(headers.get('www-authenticate') ?? '')
  return headers.has('cf-mitigated') || (asksElse && !/^\s*[{["]/.test(text))
}
