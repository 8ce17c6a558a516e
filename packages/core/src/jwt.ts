import { jwtDecode } from 'jwt-decode'

/** When a JWT was issued and when it expires, in epoch milliseconds, as far as it says so credibly. */
export interface JwtTimes {
  issuedAt?: number
  expiresAt?: number
}

/** No NumericDate in seconds is this large before the year 33658: it is milliseconds by mistake. */
const MILLISECONDS_FROM = 1e12

const toMs = (claim: unknown): number | undefined => {
  if (typeof claim !== 'number' || !Number.isFinite(claim) || claim <= 0) return undefined
  return claim >= MILLISECONDS_FROM ? claim : claim * 1000
}

function readClaims(token: string): Record<string, unknown> {
  try {
    return jwtDecode<Record<string, unknown> | null>(token) ?? {}
  } catch {
    return {} // opaque: the common case for many servers, and no error
  }
}

/** Whom a JWT says it is about. Unverified: good for telling two users apart, for nothing else. */
export function readJwtOwner(token: string): string | undefined {
  const { sub, id, email } = readClaims(token)
  const owner = sub ?? id ?? email
  return typeof owner === 'string' || typeof owner === 'number' ? `${owner}` : undefined
}

/**
 * Reads `iat` and `exp` without verifying anything: they are hints for when to renew, nothing more.
 *
 * Opaque tokens and strange claims (strings, NaN, negatives) give no hint. jwt-decode answers `null`,
 * numbers and arrays as payloads without complaint, so its result is looked at property by property.
 */
export function readJwtTimes(token: string): JwtTimes {
  const { iat, exp } = readClaims(token)
  const issuedAt = toMs(iat)
  const expiresAt = toMs(exp)
  return { ...(issuedAt && { issuedAt }), ...(expiresAt && { expiresAt }) }
}
