import type { Context } from 'hono'
import { reused, spend } from '../double/spend.ts'
import { authenticateClient, type Client, deviceCodeGrant } from './clients.ts'
import { checkProof, sha256 } from './dpop-proof.ts'
import { invalidGrant, OAuthError } from './oauth-error.ts'
import { issuerOf, type OAuthWorld } from './oauth-world.ts'
import type { Session } from './sessions.ts'
import { issueTokens, requestedScope, requiredField, type TokenWish } from './tokens.ts'

/** A token request whose client is known. */
interface Asked {
  readonly world: OAuthWorld
  readonly client: Client
  readonly form: URLSearchParams
  readonly keyThumbprint: string | undefined
}

/** What a grant comes to: for which session, and what in particular. */
type Granted = readonly [session: Session, wish?: TokenWish]

const grants: Readonly<Record<string, (asked: Asked) => Granted | Promise<Granted>>> = {
  client_credentials: (asked) => [sessionOf(asked, undefined)],
  password: passwordGrant,
  authorization_code: codeGrant,
  refresh_token: refreshGrant,
  [deviceCodeGrant]: deviceGrant,
}

/** The token endpoint. */
export async function answerToken(world: OAuthWorld, c: Context): Promise<Response> {
  const form = new URLSearchParams(await c.req.text())
  const client = authenticateClient(world.clients, c.req.header('authorization'), form)
  const grantType = requiredField(form, 'grant_type')
  const grant = grants[grantType]
  if (!grant) {
    throw new OAuthError('unsupported_grant_type', 'unsupported grant_type requested')
  }
  if (!client.grantTypes.includes(grantType)) {
    throw new OAuthError('unauthorized_client', 'this client may not use this grant type')
  }
  const keyThumbprint = await checkProof(world, c.req.raw)
  const [session, wish] = await grant({ world, client, form, keyThumbprint })
  const audience = requestedResource(session, form)
  const issuer = issuerOf(world, c.req.raw)
  const answer = await issueTokens(world, session, { issuer, keyThumbprint, audience, ...wish })
  return c.json(answer, 200, { 'cache-control': 'no-store' })
}

/** @throws OAuthError `invalid_target` for a resource that the user was not asked about. */
function requestedResource({ resources }: Session, form: URLSearchParams): string | undefined {
  const resource = form.get('resource') ?? undefined
  if (resource === undefined || (resources ?? [resource]).includes(resource)) return resource
  throw new OAuthError('invalid_target', 'the session is not for this resource')
}

function sessionOf({ world, client, form }: Asked, username: string | undefined): Session {
  return {
    clientId: client.clientId,
    username,
    scope: requestedScope(world, client, form.get('scope')),
    authenticatedAt: world.now(),
    acr: undefined,
    nonce: undefined,
    resources: undefined,
    isOver: false,
  }
}

function passwordGrant(asked: Asked): Granted {
  const { world, form } = asked
  const user = world.users.get(requiredField(form, 'username'))
  if (user?.password !== requiredField(form, 'password')) {
    throw invalidGrant('wrong username or password')
  }
  return [sessionOf(asked, user.username)]
}

async function codeGrant({ world, client, form }: Asked): Promise<Granted> {
  const code = world.sessions.code(requiredField(form, 'code'))
  const redirectUri = requiredField(form, 'redirect_uri')
  if (code?.session.clientId !== client.clientId) {
    throw invalidGrant('authorization code not found')
  }
  if (code.isUsed) {
    code.session.isOver = true
    throw invalidGrant('authorization code already used')
  }
  if (world.now() >= code.expiresAt) throw invalidGrant('authorization code is expired')
  if (code.redirectUri !== redirectUri) throw invalidGrant('redirect_uri mismatch')
  const verifier = form.get('code_verifier')
  const challenge = verifier === null ? undefined : await sha256(verifier)
  if (challenge !== code.codeChallenge) throw invalidGrant('PKCE verification failed')
  code.isUsed = true
  return [code.session]
}

function refreshGrant({ world, client, form, keyThumbprint }: Asked): Granted {
  const presented = requiredField(form, 'refresh_token')
  const token = world.sessions.refreshToken(presented)
  if (token?.session.clientId !== client.clientId) throw invalidGrant('refresh token not found')
  if (world.now() >= token.expiresAt) throw invalidGrant('refresh token is expired')
  const scope = narrowed(token.session, form.get('scope'))
  if (token.keyThumbprint !== undefined && token.keyThumbprint !== keyThumbprint) {
    throw invalidGrant('the refresh token is bound to another key')
  }
  if (world.settings.refreshTokens === 'keep') {
    return [token.session, { scope, keptRefreshToken: presented }]
  }
  if (spend(token, world.now(), world.settings.reuseGraceMs)) return [token.session, { scope }]
  token.session.isOver = true
  throw invalidGrant(reused)
}

function narrowed(session: Session, text: string | null): readonly string[] {
  if (text === null) return session.scope
  const scope = text.split(' ').filter(Boolean)
  if (scope.every((one) => session.scope.includes(one))) return scope
  throw new OAuthError('invalid_scope', 'the refresh token lacks a requested scope')
}

function deviceGrant({ world, client, form }: Asked): Granted {
  const device = world.sessions.device(requiredField(form, 'device_code'))
  if (device?.clientId !== client.clientId) throw invalidGrant('device code not found')
  const now = world.now()
  if (now >= device.expiresAt) throw new OAuthError('expired_token', 'device code is expired')
  const isTooEarly = device.polledAt !== undefined && now - device.polledAt < device.intervalMs
  device.polledAt = now
  if (isTooEarly) {
    device.intervalMs += 5000
    throw new OAuthError('slow_down', 'the device polls too quickly')
  }
  const { outcome } = device
  if (outcome === 'pending') {
    throw new OAuthError('authorization_pending', 'the user has not answered yet')
  }
  if (outcome === 'denied') throw new OAuthError('access_denied', 'the user said no')
  if (outcome === 'used') throw invalidGrant('device code already used')
  device.outcome = 'used'
  return [outcome]
}
