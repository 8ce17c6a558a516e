import type { Context } from 'hono'
import { decode } from 'hono/jwt'
import { type Client, mayReturnTo } from './clients.ts'
import { invalidRequest, OAuthError } from './oauth-error.ts'
import { issuerOf, type OAuthWorld, userOf } from './oauth-world.ts'
import { requestedScope } from './tokens.ts'

const codeLifetimeMs = 60_000

/**
 * The authorization endpoint, without a page. Every visitor is signed in as the user that `login_hint`
 * names, else as the first, and consents to everything.
 *
 * @throws OAuthError 400 while it is not sure where to return to. Later errors go there.
 */
export function authorize(world: OAuthWorld, c: Context): Response {
  const query = new URL(c.req.url).searchParams
  const client = world.clients.byId(query.get('client_id') ?? '')
  if (!client) throw new OAuthError('invalid_client', 'unknown client')
  const redirectUri = query.get('redirect_uri') ?? ''
  if (!mayReturnTo(client, redirectUri)) {
    throw invalidRequest('redirect_uri is not one of the registered ones')
  }
  const target = new URL(redirectUri)
  const back = (parameters: Record<string, string>) => {
    const state = query.get('state')
    const iss = issuerOf(world, c.req.raw)
    const all = { ...parameters, ...(state !== null && { state }), iss }
    for (const [name, value] of Object.entries(all)) target.searchParams.set(name, value)
    return c.redirect(target.href, 303)
  }
  try {
    return back({ code: issueCode(world, client, query, redirectUri) })
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    world.refusals.set(c.req.raw, error)
    return back({ error: error.error, error_description: error.description })
  }
}

function issueCode(
  world: OAuthWorld,
  client: Client,
  query: URLSearchParams,
  redirectUri: string,
): string {
  const { clientId, clientSecret } = client
  if (query.get('response_type') !== 'code') {
    throw new OAuthError('unsupported_response_type', 'response_type must be code')
  }
  const scope = requestedScope(world, client, query.get('scope'))
  const codeChallenge = challengeOf(query, clientSecret === undefined)
  if (world.denials > 0) {
    world.denials -= 1
    throw new OAuthError('access_denied', 'the user said no')
  }
  const user = userOf(world, query.get('login_hint') ?? undefined)
  if (!user) throw new OAuthError('login_required', 'the double has no such user')
  const session = {
    clientId,
    username: user.username,
    scope,
    authenticatedAt: world.now(),
    acr: query.get('acr_values')?.split(' ')[0],
    nonce: query.get('nonce') ?? undefined,
    resources: query.getAll('resource'),
    isOver: false,
  }
  const expiresAt = world.now() + codeLifetimeMs
  return world.sessions.addCode({ session, redirectUri, codeChallenge, expiresAt, isUsed: false })
}

/** A public client has to use PKCE; with a secret it is welcome. */
function challengeOf(query: URLSearchParams, isRequired: boolean): string | undefined {
  const challenge = query.get('code_challenge') ?? undefined
  if (challenge === undefined && isRequired) throw invalidRequest('PKCE is required')
  if (challenge !== undefined && query.get('code_challenge_method') !== 'S256') {
    throw invalidRequest('code_challenge_method must be S256')
  }
  return challenge
}

/** Ends the user's sessions with the client, and returns the browser (OpenID Connect RP-Initiated Logout 1.0). */
export async function endSession(world: OAuthWorld, c: Context): Promise<Response> {
  const isForm = c.req.method === 'POST'
  const given = isForm ? new URLSearchParams(await c.req.text()) : new URL(c.req.url).searchParams
  const { aud, sub } = claimsOf(given.get('id_token_hint') ?? '')
  const clientId = aud ?? given.get('client_id') ?? ''
  const target = given.get('post_logout_redirect_uri')
  const known = world.clients.byId(clientId)?.postLogoutRedirectUris ?? []
  if (target !== null && !known.includes(target)) {
    throw invalidRequest('post_logout_redirect_uri is not one of the registered ones')
  }
  world.sessions.end((session) => session.clientId === clientId && session.username === sub)
  if (target === null) return c.text('Signed out')
  const url = new URL(target)
  const state = given.get('state')
  if (state !== null) url.searchParams.set('state', state)
  return c.redirect(url.href, 303)
}

/** An id token that has expired is a good hint too, so that only its claims are read. */
function claimsOf(idToken: string): { aud?: string; sub?: string } {
  try {
    return decode(idToken).payload as { aud?: string; sub?: string }
  } catch {
    return {}
  }
}
