import { sign, verify } from 'hono/jwt'
import type { Account } from './accounts.ts'

/** What the server finds in an access token that it signed and that has not expired. */
export interface AccessClaims {
  readonly id: string
  readonly email: string
  readonly tokenVersion: string
}

/** The same roles, in the two forms that the real server puts into its tokens. */
export type RolesForm = 'object' | 'text'

export function rolesAsObject(roles: readonly string[]): Record<string, true> {
  return Object.fromEntries(roles.map((role) => [role, true as const]))
}

/**
 * @returns a JWT as the real server makes it: HS256, whole seconds, and therefore the same string for
 * the same user, roles form and second.
 */
export function signAccessToken(
  user: Account,
  rolesForm: RolesForm,
  { secret, atMs, lifetimeMs }: { secret: string; atMs: number; lifetimeMs: number },
): Promise<string> {
  const iat = Math.floor(atMs / 1000)
  const claims = {
    email: user.email,
    id: user.id,
    roles: rolesForm === 'object' ? rolesAsObject(user.roles) : user.roles.join(','),
    token_version: user.tokenVersion,
    iat,
    exp: iat + lifetimeMs / 1000,
  }
  return sign(claims, secret, 'HS256')
}

/**
 * @returns the claims of a token that this server signed and that is within its time, else undefined.
 * A missing `exp` never expires and an `iat` ahead of the clock is fine, as on the real server.
 */
export async function readAccessToken(
  token: string,
  { secret, atMs }: { secret: string; atMs: number },
): Promise<AccessClaims | undefined> {
  const seconds = Math.floor(atMs / 1000)
  try {
    const claims = await verify(token, secret, { alg: 'HS256', exp: false, iat: false, nbf: false })
    const { exp, nbf, email, id, token_version: tokenVersion } = claims
    if (typeof exp === 'number' && seconds >= exp) return undefined
    if (typeof nbf === 'number' && seconds < nbf) return undefined
    return { email: String(email), id: String(id), tokenVersion: String(tokenVersion) }
  } catch {
    return undefined
  }
}
