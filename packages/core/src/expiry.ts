import { jwtDecode } from 'jwt-decode'
import { readTokenSet, type TokenSet } from './token-set.ts'

/** When a JWT was issued and when it expires, in epoch milliseconds, as far as it says so credibly. */
export interface JwtTimes {
  issuedAt: number | undefined
  expiresAt: number | undefined
}

/** No NumericDate in seconds is this large before the year 33658: it is milliseconds by mistake. */
const MILLISECONDS_FROM = 1e12

const toMs = (claim: unknown): number | undefined => {
  if (typeof claim !== 'number' || !Number.isFinite(claim) || claim <= 0) return undefined
  return claim >= MILLISECONDS_FROM ? claim : claim * 1000
}

/** A claim by its name, of a payload whose own properties alone count. */
function readClaims(token: string): (name: string) => unknown {
  let claims: unknown
  try {
    claims = jwtDecode(token)
  } catch {
    // opaque: the common case for many servers, and not an error
  }
  const own = Object(claims ?? {}) as Record<string, unknown>
  return (name) => (Object.hasOwn(own, name) ? own[name] : undefined)
}

/** Whom a JWT says it is about. Unverified: good for telling two users apart, for nothing else. */
export function readJwtOwner(token: string): string | undefined {
  const claim = readClaims(token)
  const owner = claim('sub') ?? claim('id') ?? claim('email')
  return typeof owner === 'string' || typeof owner === 'number' ? `${owner}` : undefined
}

/**
 * Reads `iat` and `exp` without verifying anything: they are hints for when to renew, nothing more.
 *
 * Opaque tokens and strange claims (strings, NaN, negatives) give no hint. jwt-decode answers `null`,
 * numbers and arrays as payloads without complaint, so its result is looked at property by property.
 */
export function readJwtTimes(token: string): JwtTimes {
  const claim = readClaims(token)
  return { issuedAt: toMs(claim('iat')), expiresAt: toMs(claim('exp')) }
}

/**
 * When a token just received expires, in epoch milliseconds; `undefined` when that is unknown.
 *
 * The earlier of two: the JWT's own `exp`, where the clock can be right about it; and its life (`exp - iat`) counted
 * from now, so that a wrong local clock does no harm. Its instants are whole seconds, so up to one second of that
 * life has passed unseen: what the clock shows of it is taken off, and the whole second when the clock cannot be
 * right. An instant already past is not believed: a fresh token that looks expired is the server's to judge.
 */
export function expiryOnReceipt(tokens: TokenSet, now: number): number | undefined {
  const { expiresAt: exp, issuedAt } = readJwtTimes(tokens.accessToken)
  const said = tokens.expiresAt ?? exp
  let counted: number | undefined
  if (tokens.expiresAt === undefined && exp !== undefined && issuedAt !== undefined) {
    const age = now - issuedAt
    counted = now + exp - issuedAt - (age >= 0 && age <= 1000 ? age : 1000)
  }
  const credible = (instant = 0) => (instant > now ? instant : Infinity)
  const expiresAt = Math.min(credible(said), credible(counted))
  return expiresAt === Infinity ? undefined : expiresAt
}

/**
 * When a token that the caller gave expires: an instant that they named counts, also one that is past, since it may have
 * lain somewhere; else as on receipt.
 */
function expiryOfGiven(tokens: TokenSet, now: number): number | undefined {
  const { expiresAt } = tokens
  return expiresAt !== undefined && expiresAt <= now ? expiresAt : expiryOnReceipt(tokens, now)
}

/** The same for one that was obtained only now: a server that says "0 seconds" says nothing. */
const expiryOfObtained = (tokens: TokenSet, now: number): number | undefined =>
  (tokens.expiresAt ?? Infinity) < now - 1_000 ? tokens.expiresAt : expiryOnReceipt(tokens, now)

/** When a token from a store expires: when it was received is unknown, so only its instants count. */
export function expiryFromStore(tokens: TokenSet): number | undefined {
  return tokens.expiresAt ?? readJwtTimes(tokens.accessToken).expiresAt
}

/** Where a token set comes from decides what is believed of its expiry. */
const EXPIRY = {
  receipt: expiryOnReceipt,
  store: expiryFromStore,
  given: expiryOfGiven,
  obtained: expiryOfObtained,
} as const

/** A copy of `tokens` with the instant of its expiry settled, so that a store keeps it too. */
export const withExpiry = (tokens: TokenSet, from: keyof typeof EXPIRY, now: number): TokenSet =>
  readTokenSet({ ...tokens, expiresAt: EXPIRY[from](tokens, now) })
