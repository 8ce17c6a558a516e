import type { TokenSet } from '@latchkey/core'
import { jwtDecode } from 'jwt-decode'

/**
 * Returns whether a session may belong to this user, because NocoDB's access tokens name their user. A token
 * that cannot be read passes: the server judges it. `undefined` accepts any session.
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

/** NocoDB ignores the case of e-mail addresses. */
export function isSameUser(email: string, other: string | undefined): boolean {
  return email.toLowerCase() === other?.toLowerCase()
}
