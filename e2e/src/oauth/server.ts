import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AdapterPayload,
  type ClientMetadata,
  type Configuration,
  errors,
  type InteractionResults,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import { memoryAdapter } from './memory.ts'

/** Secrets of the tests hold this word, so that one search finds them all. */
const CANARY = 'CANARY-7f3a'

/** Acts for itself. */
export const machine = { clientId: 'machine', clientSecret: `${CANARY}-machine` }
/** Acts for its users, after a code flow. */
export const app = { clientId: 'app', clientSecret: `${CANARY}-app` }
/** Shows who it is by a signature (private_key_jwt): its public key is at the server. */
const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const signer = {
  clientId: 'signer',
  privateKey: signing.privateKey.export({ format: 'jwk' }),
}
/** A program of people, which can keep no secret: code, device and refresh. */
export const person = { clientId: 'person' }
/** Signs in by password, which the server has for old times' sake. */
export const ada = { username: 'ada', password: `${CANARY}-ada` }
export const callback = 'http://127.0.0.1/callback'

/** What the server noticed, by the names of its own events. */
interface Noticed {
  /** Refresh tokens exchanged. */
  consumed: number
  /** Sessions ended because a refresh token was presented twice, or revoked. */
  revoked: number
  /** Token requests answered with an error. */
  refused: string[]
}

export interface OAuthServer {
  /** The issuer. */
  readonly url: string
  readonly noticed: Noticed
  /** Whom an access token is for; `undefined` for one that is not known, or for nobody. */
  audienceOf(accessToken: string): Promise<string | undefined>
  /** The thumbprint of the key that an access token is bound to; `undefined` for one that is not known. */
  keyOf(accessToken: string): Promise<string | undefined>
  /** Every access token issued so far is forgotten, as if it had expired. */
  expireAccessTokens(): void
  close(): Promise<void>
}

/**
 * A real OpenID provider on loopback, with refresh tokens that rotate: presenting one twice ends the
 * whole session. Whoever asks is signed in as ada, and consents to everything.
 *
 * @param wantsNonces Tokens may be bound by DPoP, and each proof needs a nonce of the server's. Else they may not.
 */
export async function startOAuthServer({ wantsNonces = false } = {}): Promise<OAuthServer> {
  const entries = new Map<string, AdapterPayload>()
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(url, configuration(entries, wantsNonces))
  addPasswordGrant(provider)
  addAssertionGrant(provider)
  const noticed: Noticed = { consumed: 0, revoked: 0, refused: [] }
  provider.on('refresh_token.consumed', () => (noticed.consumed += 1))
  provider.on('grant.revoked', () => (noticed.revoked += 1))
  provider.on('grant.error', (_, error) => noticed.refused.push(error.error))
  const handle = provider.callback()
  server.on('request', (request, response) => {
    const isInteraction = request.url?.startsWith('/interaction/') === true
    const need = NEEDS[request.url ?? '']
    if (need) void answerResource(provider, need, request, response)
    else if (isInteraction) void consent(provider, request, response)
    else void handle(request, response)
  })
  return {
    url,
    noticed,
    audienceOf: async (accessToken) => {
      const token = (await provider.AccessToken.find(accessToken)) as { aud?: string } | undefined
      return token?.aud
    },
    keyOf: async (accessToken) => {
      const token = (await provider.AccessToken.find(accessToken)) as { jkt?: string } | undefined
      return token?.jkt
    },
    expireAccessTokens() {
      for (const key of entries.keys()) if (key.startsWith('AccessToken:')) entries.delete(key)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}

/** The sign-in page's part: the user is not asked, and says no where the hint is `nobody`. */
async function consent(provider: Provider, request: IncomingMessage, response: ServerResponse) {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  const finish = (result: InteractionResults) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
  if (params['login_hint'] === 'nobody') return finish({ error: 'access_denied' })
  if (prompt.name === 'login') {
    const { acr_values: acr = 'password' } = params as { acr_values?: string }
    return finish({ login: { accountId: 'ada', acr } })
  }
  const grant = new provider.Grant({
    accountId: session?.accountId ?? '',
    clientId: String(params['client_id']),
  })
  grant.addOIDCScope(String(params['scope']))
  const { resource = [] } = params as { resource?: string | string[] }
  for (const one of [resource].flat()) grant.addResourceScope(one, 'read')
  return finish({ consent: { grantId: await grant.save() } })
}

/** Paths of an API whose tokens need more than to be alive, and what they answer otherwise. */
const NEEDS: Readonly<Record<string, Need>> = {
  '/strong': {
    isMet: ({ extra }) => extra?.acr === 'strong',
    status: 401,
    challenge: 'error="insufficient_user_authentication", acr_values="strong"',
  },
  '/profile': {
    isMet: ({ scopes }) => scopes.has('profile'),
    status: 403,
    challenge: 'error="insufficient_scope", scope="profile"',
  },
}

interface Need {
  isMet(token: { scopes: Set<string>; extra?: { acr?: unknown } | undefined }): boolean
  status: number
  challenge: string
}

async function answerResource(
  provider: Provider,
  { isMet, status, challenge }: Need,
  { headers }: IncomingMessage,
  response: ServerResponse,
) {
  const token = await provider.AccessToken.find(headers.authorization?.split(' ')[1] ?? '')
  const refuse = (code: number, value: string) =>
    response.writeHead(code, { 'www-authenticate': `Bearer ${value}` }).end()
  if (!token) refuse(401, 'error="invalid_token"')
  else if (!isMet(token)) refuse(status, challenge)
  else response.end('{}')
}

/** OAuth 2.1 has none any more, and nor has the provider by itself. */
export function addPasswordGrant(provider: Provider): void {
  const grantType = async (ctx: KoaContextWithOIDC) => {
    const { params, client } = ctx.oidc
    if (!client || params?.['password'] !== ada.password) throw new errors.InvalidGrant('no')
    const grant = new provider.Grant({ accountId: ada.username, clientId: client.clientId })
    grant.addOIDCScope('openid')
    const accountId = ada.username
    const grantId = await grant.save()
    const session = { accountId, client, grantId, gty: 'password', scope: 'openid' }
    const access = new provider.AccessToken(session)
    const refresh = new provider.RefreshToken(session)
    ctx.body = {
      access_token: await access.save(),
      refresh_token: await refresh.save(),
      expires_in: access.expiration,
      token_type: access.tokenType,
    }
  }
  provider.registerGrantType('password', grantType, ['username', 'password', 'scope'])
}

/** A grant type as a cloud has it: whoever brings this assertion gets a token. */
export const assertion = `${CANARY}-assertion`

function addAssertionGrant(provider: Provider): void {
  const grantType = async (ctx: KoaContextWithOIDC) => {
    const { params, client } = ctx.oidc
    if (!client || params?.['assertion'] !== assertion) throw new errors.InvalidGrant('no')
    const access = new provider.ClientCredentials({ client, scope: 'read' })
    ctx.body = {
      access_token: await access.save(),
      expires_in: access.expiration,
      token_type: access.tokenType,
    }
  }
  provider.registerGrantType(JWT_BEARER, grantType, ['assertion'])
}

/** RFC 7523 section 2.1. */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

function configuration(entries: Map<string, AdapterPayload>, wantsNonces: boolean): Configuration {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const hour = 3_600
  const allow = () => true
  return {
    adapter: (model: string) => memoryAdapter(model, entries),
    clients: clients(),
    scopes: ['openid', 'profile', 'read'],
    clientBasedCORS: allow,
    extraTokenClaims: ({ oidc }) => ({ acr: oidc.entities.AuthorizationCode?.acr }),
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    issueRefreshToken: allow,
    rotateRefreshToken: true,
    jwks: { keys: [key.export({ format: 'jwk' })] },
    cookies: { keys: [`${CANARY}-cookies`] },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: hour,
      AuthorizationCode: 60,
      ClientCredentials: hour,
      DeviceCode: hour,
      Grant: hour,
      IdToken: hour,
      Interaction: hour,
      RefreshToken: hour,
      Session: hour,
    },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (ctx) => void (ctx.body = 'no code, or an answer of no'),
        userCodeConfirmSource: (ctx, form) => void (ctx.body = form),
        successSource: (ctx) => void (ctx.body = 'done'),
      },
      devInteractions: { enabled: false },
      dPoP: { enabled: wantsNonces, nonceSecret: randomBytes(32), requireNonce: allow },
      introspection: { enabled: true, allowedPolicy: allow },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'read',
          audience: resource,
          accessTokenFormat: 'opaque',
        }),
      },
      revocation: { enabled: true, allowedPolicy: allow },
    },
  }
}

function clients(): ClientMetadata[] {
  const none = { response_types: [], redirect_uris: [] }
  const { kty, crv, x, y } = signing.publicKey.export({ format: 'jwk' })
  return [
    {
      client_id: machine.clientId,
      client_secret: machine.clientSecret,
      grant_types: ['client_credentials'],
      ...none,
      scope: 'read',
    },
    {
      client_id: app.clientId,
      client_secret: app.clientSecret,
      grant_types: ['authorization_code', 'password', 'refresh_token'],
      redirect_uris: [callback],
    },
    {
      client_id: signer.clientId,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty, crv, x, y }] },
      grant_types: ['client_credentials', JWT_BEARER],
      ...none,
      scope: 'read',
    },
    {
      client_id: person.clientId,
      token_endpoint_auth_method: 'none',
      application_type: 'native', // any port of loopback (RFC 8252 section 7.3)
      grant_types: ['authorization_code', 'refresh_token', DEVICE_CODE],
      redirect_uris: [callback, 'http://localhost/callback'],
      post_logout_redirect_uris: [callback],
    },
  ]
}

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
