import type { Context } from 'hono'
import { resourceMetadataPath } from './discovery-routes.ts'
import { checkProof, dpopAlgorithms } from './dpop-proof.ts'
import { OAuthError } from './oauth-error.ts'
import type { ApiCaller } from './oauth-options.ts'
import type { Demand, OAuthWorld } from './oauth-world.ts'
import type { AccessToken } from './sessions.ts'

/** The protected API: everything that is not the authorization server's own. */
export async function answerApi(world: OAuthWorld, c: Context): Promise<Response> {
  const token = await acceptedToken(world, c)
  const demand = demandFor(world, c.req.path)
  if (demand) checkDemand(world, token, demand, c)
  return world.settings.api(c.req.raw, callerOf(token))
}

/** Says who the user is (OpenID Connect). Its tokens need the scope `openid`. */
export async function userinfo(world: OAuthWorld, c: Context): Promise<Response> {
  const token = await acceptedToken(world, c)
  checkDemand(world, token, { scope: 'openid' }, c)
  return c.json({ sub: callerOf(token).sub })
}

function callerOf({ session, scope, audience }: AccessToken): ApiCaller {
  const { clientId, username, acr } = session
  return { sub: username ?? clientId, clientId, scope, acr, audience }
}

/** @throws OAuthError 401 with the challenge of RFC 6750 or RFC 9449. */
async function acceptedToken(world: OAuthWorld, c: Context): Promise<AccessToken> {
  const [, scheme = '', value = ''] = /^(bearer|dpop) (\S+)$/i.exec(credential(c)) ?? []
  if (scheme === '') {
    throw challenge(c, { schemes: world.settings.requireDpop ? ['DPoP'] : ['Bearer', 'DPoP'] })
  }
  const usedScheme = scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer'
  const refuse = (error: string, description: string) =>
    challenge(c, { schemes: [usedScheme], error, description })
  const isProven = usedScheme === 'DPoP'
  const keyThumbprint = isProven ? await proofOf(world, c, value, refuse) : undefined
  const token = world.sessions.accessToken(value)
  if (!token) throw refuse('invalid_token', 'the access token is not known')
  if (world.now() >= token.expiresAt) throw refuse('invalid_token', 'the access token is expired')
  if (token.keyThumbprint !== keyThumbprint) {
    throw refuse('invalid_token', 'the access token is bound to another key, or to none')
  }
  return token
}

const credential = (c: Context) => c.req.header('authorization') ?? ''

async function proofOf(
  world: OAuthWorld,
  c: Context,
  token: string,
  refuse: (error: string, description: string) => OAuthError,
): Promise<string | undefined> {
  try {
    return await checkProof(world, c.req.raw, token)
  } catch (error) {
    throw error instanceof OAuthError ? refuse(error.error, error.description) : error
  }
}

/** The demand of the longest path that the request lies under. */
function demandFor({ demands }: OAuthWorld, path: string): Demand | undefined {
  const isUnder = (base: string) => path === base || path.startsWith(`${base.replace(/\/$/, '')}/`)
  const [longest] = [...demands.keys()].filter(isUnder).toSorted((a, b) => b.length - a.length)
  return longest === undefined ? undefined : demands.get(longest)
}

/** @throws OAuthError 403 `insufficient_scope` (RFC 6750) or 401 `insufficient_user_authentication` (RFC 9470). */
function checkDemand(
  world: OAuthWorld,
  { session, scope, keyThumbprint }: AccessToken,
  demand: Demand,
  c: Context,
): void {
  const schemes = [keyThumbprint ? 'DPoP' : 'Bearer']
  const wanted = demand.scope?.split(' ') ?? []
  if (!wanted.every((one) => scope.includes(one))) {
    const description = 'the access token lacks a scope'
    throw challenge(c, {
      schemes,
      status: 403,
      error: 'insufficient_scope',
      description,
      more: { scope: wanted.join(' ') },
    })
  }
  const { acrValues, maxAgeMs } = demand
  const isTooWeak = acrValues && !acrValues.split(' ').includes(session.acr ?? '')
  const isTooOld = maxAgeMs !== undefined && world.now() - session.authenticatedAt > maxAgeMs
  if (!isTooWeak && !isTooOld) return
  const more = {
    ...(acrValues && { acr_values: acrValues }),
    ...(maxAgeMs !== undefined && { max_age: String(Math.floor(maxAgeMs / 1000)) }),
  }
  const description = 'a stronger or more recent sign-in is required'
  throw challenge(c, { schemes, error: 'insufficient_user_authentication', description, more })
}

interface Challenge {
  readonly schemes: readonly string[]
  readonly status?: number
  readonly error?: string
  readonly description?: string
  readonly more?: Readonly<Record<string, string>>
}

function challenge(c: Context, { schemes, status = 401, error, description, more }: Challenge) {
  const { origin, pathname } = new URL(c.req.url)
  const parameters = {
    ...(error !== undefined && { error }),
    ...(description !== undefined && { error_description: description }),
    ...more,
    resource_metadata: origin + resourceMetadataPath + pathname.replace(/\/$/, ''),
  }
  const line = (scheme: string) => {
    const algs = scheme === 'DPoP' ? { algs: dpopAlgorithms.join(' ') } : {}
    const all = Object.entries({ ...parameters, ...algs })
    return `${scheme} ${all.map(([name, value]) => `${name}="${value}"`).join(', ')}`
  }
  return new OAuthError(error ?? 'invalid_token', description ?? 'no access token was sent', {
    status,
    headers: { 'www-authenticate': schemes.map(line).join(', ') },
  })
}
