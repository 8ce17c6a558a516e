import { jwtDecode } from 'jwt-decode'
import { readTokenSet, type TokenSet } from './token-set.ts'

/** When a JWT was issued and when it expires, in epoch milliseconds, if its claims are credible. */
export interface JwtTimes {
  issuedAt: number | undefined
  expiresAt: number | undefined
}

/** A NumericDate in seconds does not reach this before the year 33658. A larger one is in milliseconds by mistake. */
const MILLISECONDS_FROM = 1e12

const toMs = (claim: unknown): number | undefined => {
  if (typeof claim !== 'number' || !Number.isFinite(claim) || claim <= 0) return undefined
  return claim >= MILLISECONDS_FROM ? claim : claim * 1000
}

/** Returns a function that reads the payload's own claims by name. */
function readClaims(token: string): (name: string) => unknown {
  let claims: unknown
  try {
    claims = jwtDecode(token)
  } catch {
    // an opaque token, which is common and not an error
  }
  const own = Object(claims ?? {}) as Record<string, unknown>
  return (name) => (Object.hasOwn(own, name) ? own[name] : undefined)
}

/** Returns the user that a JWT names. It is unverified: use it only to tell two users apart. */
export function readJwtOwner(token: string): string | undefined {
  const claim = readClaims(token)
  const owner = claim('sub') ?? claim('id') ?? claim('email')
  return typeof owner === 'string' || typeof owner === 'number' ? `${owner}` : undefined
}

/**
 * Reads `iat` and `exp` without verifying them. They are only hints for when to renew.
 *
 * Opaque tokens and invalid claims (strings, NaN, negatives) yield no hint. jwt-decode accepts `null`, numbers and
 * arrays as payloads, so each property is checked.
 */
export function readJwtTimes(token: string): JwtTimes {
  const claim = readClaims(token)
  return { issuedAt: toMs(claim('iat')), expiresAt: toMs(claim('exp')) }
}

/**
 * Returns when a token that was just received expires, in epoch milliseconds. Returns `undefined` if that is
 * unknown.
 *
 * This is the earlier of two instants: the JWT's own `exp`, if the local clock can be right about it, and its life
 * (`exp - iat`) counted from now, so that a wrong clock does no harm. Both claims are whole seconds, so up to one
 * second of that life may have passed. The part that the clock shows is subtracted, or the whole second if the
 * clock cannot be right. An instant in the past is ignored: the server has to judge a fresh token that looks
 * expired.
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
 * Returns when a token from the caller expires. An instant that the caller names is used even if it is past,
 * because the token may be old. Otherwise the rules for a received token apply.
 */
function expiryOfGiven(tokens: TokenSet, now: number): number | undefined {
  const { expiresAt } = tokens
  return expiresAt !== undefined && expiresAt <= now ? expiresAt : expiryOnReceipt(tokens, now)
}

/** Returns the same for a token obtained just now. A server's "0 seconds" is ignored. */
const expiryOfObtained = (tokens: TokenSet, now: number): number | undefined =>
  (tokens.expiresAt ?? Infinity) < now - 1_000 ? tokens.expiresAt : expiryOnReceipt(tokens, now)

/** Returns when a token from a store expires. When it was received is unknown, so only instants are used. */
export function expiryFromStore(tokens: TokenSet): number | undefined {
  return tokens.expiresAt ?? readJwtTimes(tokens.accessToken).expiresAt
}

/** The source of a token set decides how its expiry is read. */
const EXPIRY = {
  receipt: expiryOnReceipt,
  store: expiryFromStore,
  given: expiryOfGiven,
  obtained: expiryOfObtained,
} as const

/** Returns a copy of `tokens` with the instant of its expiry, so that a store keeps that too. */
export const withExpiry = (tokens: TokenSet, from: keyof typeof EXPIRY, now: number): TokenSet =>
  readTokenSet({ ...tokens, expiresAt: EXPIRY[from](tokens, now) })
