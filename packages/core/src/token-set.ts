import { credentialProblem } from './credential.ts'
import { LatchkeyError } from './errors.ts'

/** What a grant gives and a store keeps. */
export interface TokenSet {
  /** The bare token, without a `Bearer ` prefix. */
  accessToken: string
  /** What a grant presents to get the next token set. Absent: there is none to renew with. */
  refreshToken?: string
  /** When the access token expires, in epoch milliseconds. Absent: the JWT's `exp` tells, or nobody. */
  expiresAt?: number
  /** When the refresh token expires, in epoch milliseconds. */
  refreshExpiresAt?: number
  /** OpenID Connect's ID token, unread, for a sign-out at the server. It tells who signed in, so it is never printed. */
  idToken?: string
  /** What the server granted, where it said so: scopes, separated by spaces. */
  scope?: string
  /** The private key that the tokens are bound to, as a JSON Web Key in JSON (RFC 9449). Only where it is kept with them. */
  dpopKey?: string
  /** The access tokens for other APIs than the first, by origin, in JSON. */
  audienceTokens?: string
}

/** The parts of a token set that are text, besides its tokens. */
const TEXTS = ['idToken', 'scope', 'dpopKey', 'audienceTokens'] as const

const instant = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0

/**
 * A token set read from anywhere we do not trust: a server's answer, a user's grant, a store.
 *
 * Only own properties count, and the result inherits nothing, so nothing of a polluted prototype becomes a credential,
 * here or where a part that it does not have is asked for; instants that are no instants are left out.
 *
 * @throws {LatchkeyError} `ERR_UNUSABLE_TOKEN`, naming the reason and never the value.
 */
export function readTokenSet(value: unknown): TokenSet {
  if (typeof value !== 'object' || value === null) {
    throw new LatchkeyError('ERR_UNUSABLE_TOKEN', 'The answer holds no token set.')
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

/** Whether both are the same token set, or both are none. */
export function sameTokens(a: TokenSet | undefined, b: TokenSet | undefined): boolean {
  return a?.accessToken === b?.accessToken && a?.refreshToken === b?.refreshToken
}

/** What must not show up in any output. */
export function secretsOf(tokens: TokenSet | undefined): string[] {
  const { accessToken, refreshToken, idToken, dpopKey, audienceTokens } = tokens ?? {}
  const all = [accessToken, refreshToken, idToken, dpopKey, audienceTokens]
  return all.filter((secret) => secret !== undefined)
}

/** A server that answers a refresh without a new refresh token means the old one to stay (RFC 6749 section 6). */
export function keepRefreshToken(answer: TokenSet, old: TokenSet | undefined): TokenSet {
  if (answer.refreshToken !== undefined || old?.refreshToken === undefined) return answer
  const { refreshToken, refreshExpiresAt } = old
  return { ...answer, refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) }
}
