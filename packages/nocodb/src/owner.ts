import type { TokenSet } from '@latchkey/core'
import { jwtDecode } from 'jwt-decode'

/**
 * Whether a session may be this user's: NocoDB's access tokens name their user. What cannot be read is left
 * to the server to judge. `undefined` takes any session.
 */
export function isOwnedBy({ accessToken }: TokenSet, email: string | undefined): boolean {
  if (email === undefined) return true
  try {
    const owner = jwtDecode<{ email?: unknown } | null>(accessToken)?.email
    return typeof owner !== 'string' || isSameUser(owner, email)
  } catch {
    return true
  }
}

/** NocoDB takes e-mail addresses in any case. */
export function isSameUser(email: string, other: string | undefined): boolean {
  return email.toLowerCase() === other?.toLowerCase()
}
