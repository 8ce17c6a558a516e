import type { Context } from 'hono'
import { randomText } from '../double/random.ts'
import { authenticateClient, supportedGrantTypes } from './clients.ts'
import { OAuthError } from './oauth-error.ts'
import { issuerOf, type OAuthWorld } from './oauth-world.ts'
import { requiredField } from './tokens.ts'

/** Says what a token is good for (RFC 7662). Any client may ask about any token. */
export async function introspect(world: OAuthWorld, c: Context): Promise<Response> {
  const form = new URLSearchParams(await c.req.text())
  authenticateClient(world.clients, c.req.header('authorization'), form)
  const value = requiredField(form, 'token')
  const access = world.sessions.accessToken(value)
  const refresh = world.sessions.refreshToken(value)
  const token = access ?? refresh
  const isUsed = refresh?.usedAt !== undefined
  if (!token || isUsed || world.now() >= token.expiresAt) return c.json({ active: false })
  const { session, issuedAt, expiresAt, keyThumbprint: jkt } = token
  const scope = access?.scope ?? session.scope
  return c.json({
    active: true,
    iss: issuerOf(world, c.req.raw),
    client_id: session.clientId,
    ...(session.username !== undefined && { sub: session.username }),
    ...(scope.length > 0 && { scope: scope.join(' ') }),
    iat: Math.floor(issuedAt / 1000),
    exp: Math.floor(expiresAt / 1000),
    ...(access && { token_type: jkt ? 'DPoP' : 'Bearer' }),
    ...(access?.audience !== undefined && { aud: access.audience }),
    ...(session.acr !== undefined && { acr: session.acr }),
    ...(session.username !== undefined && {
      auth_time: Math.floor(session.authenticatedAt / 1000),
    }),
    ...(jkt !== undefined && { cnf: { jkt } }),
  })
}

/** Ends the session of a token (RFC 7009). An unknown token is answered 200 as well. */
export async function revoke(world: OAuthWorld, c: Context): Promise<Response> {
  const form = new URLSearchParams(await c.req.text())
  const client = authenticateClient(world.clients, c.req.header('authorization'), form)
  const value = requiredField(form, 'token')
  const token = world.sessions.accessToken(value) ?? world.sessions.refreshToken(value)
  if (token?.session.clientId === client.clientId) token.session.isOver = true
  return c.body(null, 200)
}

/** Registers a client (RFC 7591). Anybody may. */
export async function register(world: OAuthWorld, c: Context): Promise<Response> {
  const metadata = (await c.req.json().catch(() => ({}))) as Record<string, unknown>
  const grantTypes = texts(metadata['grant_types'] ?? ['authorization_code'])
  const redirectUris = texts(metadata['redirect_uris'] ?? [])
  const isByCode = grantTypes.includes('authorization_code')
  if ((isByCode && redirectUris.length === 0) || !redirectUris.every((uri) => URL.canParse(uri))) {
    throw new OAuthError('invalid_redirect_uri', 'redirect_uris must be a list of URLs')
  }
  const isKnown = (type: string) => supportedGrantTypes.some((known) => known === type)
  const { token_endpoint_auth_method: method = 'client_secret_basic' } = metadata
  if (!grantTypes.every(isKnown) || !authenticationMethods.some((known) => known === method)) {
    throw new OAuthError('invalid_client_metadata', 'unknown grant type or authentication method')
  }
  const secret = method === 'none' ? {} : { clientSecret: randomText(43) }
  const { clientId, clientSecret } = world.clients.add({ ...secret, redirectUris, grantTypes })
  return c.json(
    {
      ...metadata,
      grant_types: grantTypes,
      token_endpoint_auth_method: method,
      client_id: clientId,
      client_id_issued_at: Math.floor(world.now() / 1000),
      ...(clientSecret !== undefined && {
        client_secret: clientSecret,
        client_secret_expires_at: 0,
      }),
    },
    201,
  )
}

export const authenticationMethods = ['client_secret_basic', 'client_secret_post', 'none']
const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : [''])
