/**
 * The server generations whose answers differ. `'2026'` follows the source of the calendar releases:
 * one session per user and the access token in a second cookie, `nc_token`.
 */
export type ServerVersion = '0.262.5' | '0.265.1' | '0.301.3' | '2026'

/** All of them, oldest first. */
export const serverVersions: readonly ServerVersion[] = ['0.262.5', '0.265.1', '0.301.3', '2026']

/** What one server generation does differently from the next, as plain yes and no. */
export interface VersionTraits {
  /** `{"msg"}` only, before errors had codes. */
  readonly plainMessages: boolean
  /** Error codes start with `ERR_`. */
  readonly prefixedCodes: boolean
  /** `Authorization: Bearer <api token>` counts as a credential. */
  readonly bearerApiTokens: boolean
  /** A refresh token is refused after its date; earlier servers never look at it. */
  readonly refreshTokensExpire: boolean
  /** A sign-in ends the user's other sessions. */
  readonly singleSession: boolean
  /** From when on an API token outlives its deletion, until the server restarts. */
  readonly remembersApiTokens: 'once used' | 'from creation' | 'never'
  /** The access token also travels in the cookie `nc_token`. */
  readonly accessTokenCookie: boolean
}

/** @returns what the given generation does. */
export function traitsOf(version: ServerVersion): VersionTraits {
  const era = serverVersions.indexOf(version)
  return {
    plainMessages: era < 1,
    prefixedCodes: era >= 2,
    bearerApiTokens: era >= 1,
    refreshTokensExpire: era >= 2,
    singleSession: era >= 3,
    remembersApiTokens:
      (['once used', 'once used', 'from creation', 'never'] as const)[era] ?? 'never',
    accessTokenCookie: era >= 3,
  }
}
