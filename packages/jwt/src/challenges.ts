/** One authentication method that a 401 or 403 asks for: `Bearer realm="api", error="invalid_token"`. */
export interface Challenge {
  /** In lower case. */
  scheme: string
  /** By name, in lower case. If a name occurs twice, the first counts. */
  params: ReadonlyMap<string, string>
}

const token = "[!#$%&'*+.^`|~\\w-]+"
/** Either a parameter, or a scheme with what may follow it in place of parameters (`token68`). */
const PART = new RegExp(
  `[\\s,]*(?:(?<name>${token})\\s*=\\s*(?:"(?<quoted>(?:[^"\\\\]|\\\\.)*)"|(?<plain>${token}))` +
    `|(?<scheme>${token})(?=[\\s,]|$)(?!\\s*=)(?: +[\\w.~+/-]+=*(?=\\s*(?:,|$)))?)`,
  'gy',
)

/**
 * Parses the challenges of a `WWW-Authenticate` header, or of several joined ones (RFC 9110 section 11.6.1).
 * Commas separate both challenges and their parameters, so the form of a part shows which of them it is.
 *
 * Never throws: a part that cannot be parsed is left out, with everything after it.
 */
export function parseChallenges(header: string | null): Challenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = []
  for (const { groups = {} } of header?.matchAll(PART) ?? []) {
    const { scheme, name, quoted, plain = '' } = groups
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), params: new Map() })
    const params = challenges.at(-1)?.params
    if (name === undefined || !params || params.has(name.toLowerCase())) continue
    params.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? plain)
  }
  return challenges
}
