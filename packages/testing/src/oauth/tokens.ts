import type { Client } from './clients.ts'
import { invalidRequest, OAuthError } from './oauth-error.ts'
import type { OAuthWorld } from './oauth-world.ts'
import type { Session } from './sessions.ts'

/** What decides which tokens a session gets now. */
export interface TokenWish {
  /** Signs the id token. Without it there is none. */
  readonly issuer?: string
  /** Fewer scopes than the session has. */
  readonly scope?: readonly string[]
  readonly audience?: string | undefined
  /** Of the key in the request's DPoP proof. */
  readonly keyThumbprint?: string | undefined
  /** A refresh token that goes on serving. */
  readonly keptRefreshToken?: string | undefined
}

/** The answer of the token endpoint (RFC 6749, section 5.1). */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer' | 'DPoP'
  readonly expires_in: number
  readonly scope?: string
  readonly refresh_token?: string
  readonly id_token?: string
}

/**
 * @returns the scopes of a request, without those that the server does not know.
 * @throws OAuthError `invalid_scope` when the client may not have one.
 */
export function requestedScope(
  { settings }: OAuthWorld,
  { scopes = settings.scopes }: Client,
  text: string | null,
): string[] {
  const scope = (text ?? '').split(' ').filter((one) => settings.scopes.includes(one))
  const forbidden = scope.filter((one) => !scopes.includes(one))
  if (forbidden.length === 0) return scope
  throw new OAuthError('invalid_scope', `the client may not have ${forbidden.join(' ')}`)
}

/** Issues an access token, and for users a refresh token and an id token. */
export async function issueTokens(
  world: OAuthWorld,
  session: Session,
  wish: TokenWish = {},
): Promise<TokenAnswer> {
  const { scope = session.scope, keyThumbprint, issuer } = wish
  const accessToken = issueAccessToken(world, session, wish)
  const refreshToken = wish.keptRefreshToken ?? issueRefreshToken(world, session, keyThumbprint)
  const isSignedIn = scope.includes('openid') && session.username !== undefined
  const idToken = isSignedIn && issuer !== undefined && (await issueIdToken(world, issuer, session))
  return {
    access_token: accessToken,
    token_type: keyThumbprint ? 'DPoP' : 'Bearer',
    expires_in: world.settings.accessTokenLifetimeMs / 1000,
    ...(scope.length > 0 && { scope: scope.join(' ') }),
    ...(refreshToken && { refresh_token: refreshToken }),
    ...(idToken && { id_token: idToken }),
  }
}

function issueAccessToken(
  world: OAuthWorld,
  session: Session,
  { scope = session.scope, keyThumbprint, audience }: TokenWish,
): string {
  const issuedAt = world.now()
  const expiresAt = issuedAt + world.settings.accessTokenLifetimeMs
  return world.sessions.addAccessToken({
    session,
    scope,
    issuedAt,
    expiresAt,
    keyThumbprint,
    audience,
  })
}

/** The refresh token of a public client is bound to the key of its proof (RFC 9449, section 5). */
function issueRefreshToken(
  world: OAuthWorld,
  session: Session,
  keyThumbprint: string | undefined,
): string | undefined {
  const client = world.clients.byId(session.clientId)
  const mayRenew = client?.grantTypes.includes('refresh_token') === true
  if (!mayRenew || session.username === undefined) return undefined
  const isPublic = client.clientSecret === undefined
  const issuedAt = world.now()
  return world.sessions.addRefreshToken({
    session,
    issuedAt,
    expiresAt: issuedAt + world.settings.refreshTokenLifetimeMs,
    keyThumbprint: isPublic ? keyThumbprint : undefined,
    usedAt: undefined,
  })
}

function issueIdToken(world: OAuthWorld, iss: string, session: Session) {
  const { username: sub, clientId: aud, authenticatedAt, acr, nonce } = session
  const iat = Math.floor(world.now() / 1000)
  return world.signer.sign({
    iss,
    sub,
    aud,
    iat,
    exp: iat + 3600,
    auth_time: Math.floor(authenticatedAt / 1000),
    ...(acr !== undefined && { acr }),
    ...(nonce !== undefined && { nonce }),
  })
}

/** @returns a field of a form. @throws OAuthError `invalid_request` when it is missing. */
export function requiredField(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (value) return value
  throw invalidRequest(`missing required parameter '${name}'`)
}
