import type { ResponseView } from '@latchkey/core'
import { readObject } from '@latchkey/core/service'
import { isAuthPage, pathOf, readErrorBody } from './wire.ts'

/**
 * Returns whether NocoDB rejected the token. It does so in several ways:
 *
 * - 401, in three shapes of body from 0.2xx to today. The status decides: the texts differ between
 *   endpoints ("Invalid token", "Unauthorized", "Token Expired. Please login again.").
 * - Not when the 401 means that an API token may not do this, nor on a sign-in page.
 * - 400 "Token Expired. Please login again." on `/api/v1/tokens`, up to 0.265.1.
 * - 200 as *guest* on `me`, which ignores a dead token.
 */
export function isTokenRejected(response: ResponseView): boolean | Promise<boolean> {
  const { status, url } = response
  if (status === 200) return pathOf(url).endsWith('/auth/user/me') && isGuestAnswer(response)
  if (status === 400) return isExpiredAnswer(response)
  return status === 401 && !isAuthPage(url) && isAboutToken(response)
}

async function isGuestAnswer(response: ResponseView): Promise<boolean> {
  return isGuest(readObject(await response.text()))
}

async function isExpiredAnswer(response: ResponseView): Promise<boolean> {
  return /^token expired\b/i.test(readErrorBody(await response.text()).message)
}

async function isAboutToken(response: ResponseView): Promise<boolean> {
  return !readErrorBody(await response.text()).code.endsWith('API_TOKEN_NOT_ALLOWED')
}

/** `me` answers 200 to any caller. A proxy's page, or half an answer, decides nothing. */
export function isGuest(me: Record<string, unknown>): boolean {
  return hasRole(me['roles'], 'guest')
}

/** Roles come as an object after a sign-in and as a comma-separated string after a refresh. */
export function hasRole(roles: unknown, role: string): boolean {
  if (typeof roles === 'string') return roles.split(',').includes(role)
  return (
    typeof roles === 'object' &&
    roles !== null &&
    Object.hasOwn(roles, role) &&
    (roles as Record<string, unknown>)[role] === true
  )
}
