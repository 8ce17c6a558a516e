import { readAccessToken } from './access-token.ts'
import type { Account } from './accounts.ts'
import { requestCookie } from './cookies.ts'
import type { World } from './world.ts'

/** Who a request acts for, and which kind of credential said so. */
export interface Identity {
  readonly user: Account
  readonly by: 'access token' | 'api token'
}

/**
 * Finds the one credential that counts: a good `xc-auth`, else `xc-token`, else a bearer API token.
 * A bad `xc-auth` falls through in silence, so with both headers the identity may be another's.
 * @returns undefined for a guest.
 */
export async function authenticate(world: World, headers: Headers): Promise<Identity | undefined> {
  const user = await userByAccessToken(world, presentedAccessToken(world, headers))
  if (user) return { user, by: 'access token' }
  const owner = userByApiToken(world, headers)
  return owner && { user: owner, by: 'api token' }
}

/** Why an access token was not accepted, for the one route group that tells the reasons apart. */
export type AccessTokenFault = 'invalid' | 'user unknown' | 'out of date'

/** Looks at the access token alone, as the user-level API token routes do. */
export async function checkAccessToken(
  world: World,
  headers: Headers,
): Promise<{ user: Account } | { fault: AccessTokenFault }> {
  const token = presentedAccessToken(world, headers)
  if (!token) return { fault: 'invalid' }
  const { jwtSecret: secret } = world.settings
  const claims = await readAccessToken(token, { secret, atMs: world.now() })
  if (!claims) return { fault: 'invalid' }
  const user = world.accounts.byEmail(claims.email)
  if (!user) return { fault: 'user unknown' }
  if (user.tokenVersion !== claims.tokenVersion) return { fault: 'out of date' }
  return { user }
}

function presentedAccessToken(world: World, headers: Headers): string | undefined {
  const cookie = world.traits.accessTokenCookie ? requestCookie(headers, 'nc_token') : undefined
  return headers.get('xc-auth') || cookie
}

async function userByAccessToken(
  world: World,
  token: string | undefined,
): Promise<Account | undefined> {
  if (!token) return undefined
  const checked = await checkAccessToken(world, new Headers({ 'xc-auth': token }))
  return 'user' in checked ? checked.user : undefined
}

function userByApiToken(world: World, headers: Headers): Account | undefined {
  const bearer = /^bearer\s+(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  const token =
    headers.get('xc-token')?.trim() || (world.traits.bearerApiTokens ? bearer : undefined)
  if (!token) return undefined
  const stored = world.accounts.presentApiToken(token)
  return stored && world.accounts.byId(stored.userId)
}
