import { credentialProblem } from './credential.ts'
import { LatchkeyError } from './errors.ts'

/** What a grant returns and a store keeps. */
export interface TokenSet {
  /** The bare token, without a `Bearer ` prefix. */
  accessToken: string
  /** The token that a grant presents to obtain the next token set. Absent: the grant has nothing to renew with. */
  refreshToken?: string
  /** When the access token expires, in epoch milliseconds. Absent: as in the `exp` of a JWT, else unknown. */
  expiresAt?: number
  /** When the refresh token expires, in epoch milliseconds. */
  refreshExpiresAt?: number
  /** OpenID Connect's ID token, unread, for a sign-out at the server. It names the user, so it is never printed. */
  idToken?: string
  /** The scopes that the server granted, separated by spaces, if it named them. */
  scope?: string
  /**
   * The private key that the tokens are bound to, as a JSON Web Key in JSON (RFC 9449), if it is stored with them.
   */
  dpopKey?: string
  /** The access tokens for further APIs, by origin, in JSON. */
  audienceTokens?: string
}

/** The text properties of a token set, besides its tokens. */
const TEXTS = ['idToken', 'scope', 'dpopKey', 'audienceTokens'] as const

const instant = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0

/**
 * Reads a token set from an untrusted source: a server's answer, a user's grant, a store.
 *
 * Only own properties are read, and the result inherits nothing. So a value on a polluted prototype never becomes
 * a credential, now or when an absent property is read later. Invalid instants are left out.
 *
 * @throws {LatchkeyError} `ERR_UNUSABLE_TOKEN`, naming the reason and never the value.
 */
export function readTokenSet(value: unknown): TokenSet {
  if (typeof value !== 'object' || value === null) {
    throw new LatchkeyError(
      'ERR_UNUSABLE_TOKEN',
      'The answer of the server, the grant or the store contains no token set.',
    )
  }
  const own = (key: keyof TokenSet): unknown =>
    Object.hasOwn(value, key) ? (value as TokenSet)[key] : undefined
  const accessToken = usable('accessToken', own('accessToken'))
  const refreshToken = own('refreshToken') ?? undefined
  const expiresAt = own('expiresAt')
  const refreshExpiresAt = own('refreshExpiresAt')
  const tokens = Object.create(null) as TokenSet
  tokens.accessToken = accessToken
  if (refreshToken !== undefined) tokens.refreshToken = usable('refreshToken', refreshToken)
  if (instant(expiresAt)) tokens.expiresAt = expiresAt
  if (instant(refreshExpiresAt)) tokens.refreshExpiresAt = refreshExpiresAt
  for (const key of TEXTS) {
    const text = own(key)
    if (typeof text === 'string' && text !== '') tokens[key] = text
  }
  return tokens
}

function usable(name: string, value: unknown): string {
  const problem = credentialProblem(value)
  if (problem) throw new LatchkeyError('ERR_UNUSABLE_TOKEN', `\`${name}\` ${problem}.`)
  return value as string
}

/** Returns whether both are the same token set, or both are absent. */
export function sameTokens(a: TokenSet | undefined, b: TokenSet | undefined): boolean {
  return a?.accessToken === b?.accessToken && a?.refreshToken === b?.refreshToken
}

/** Returns the values that must not appear in any output. */
export function secretsOf(tokens: TokenSet | undefined): string[] {
  const { accessToken, refreshToken, idToken, dpopKey, audienceTokens = '' } = tokens ?? {}
  // Its keys are origins, and a value with a space is not a token.
  const others = [...audienceTokens.matchAll(/:\s*"([^"\s]+)"/g)].map(([, token]) => token)
  const all = [accessToken, refreshToken, idToken, dpopKey, ...others]
  return all.filter((secret) => secret !== undefined)
}

/** Keeps the old refresh token if the server returned none with a refresh (RFC 6749 section 6). */
export function keepRefreshToken(answer: TokenSet, old: TokenSet | undefined): TokenSet {
  if (answer.refreshToken !== undefined || old?.refreshToken === undefined) return answer
  const { refreshToken, refreshExpiresAt } = old
  return { ...answer, refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) }
}
