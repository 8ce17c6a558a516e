import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AdapterPayload,
  type ClientMetadata,
  type Configuration,
  type InteractionResults,
  Provider,
} from 'oidc-provider'
import type { OAuthClients } from '../../oauth-conformance/target.ts'
import { memoryAdapter } from './memory.ts'
import { addPasswordGrant } from './server.ts'

/** A real OpenID provider with all that the OAuth double stands in for. */
export interface ConformanceServer {
  readonly issuer: string
  /** Answers for the user at the device page. */
  answerDevice(userCode: string, answer: 'allow' | 'deny'): Promise<void>
  /** The user calls off the next sign-in. */
  denyNextSignIn(): void
  close(): Promise<void>
}

/** Starts it on loopback. Whoever asks is signed in as ada. */
export async function startConformanceServer(
  clients: OAuthClients,
  { requireDpopNonce }: { requireDpopNonce: boolean },
): Promise<ConformanceServer> {
  const entries = new Map<string, AdapterPayload>()
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, configuration(entries, clients, requireDpopNonce))
  addPasswordGrant(provider)
  const handle = provider.callback()
  let isDenied = false
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return void handle(request, response)
    const answer = isDenied ? deny : consent
    isDenied = false
    return void answer(provider, request, response)
  })
  return {
    issuer,
    answerDevice: (userCode, answer) => answerDevice(provider, userCode, answer),
    denyNextSignIn: () => void (isDenied = true),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}

async function consent(provider: Provider, request: IncomingMessage, response: ServerResponse) {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  const finish = (result: InteractionResults) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
  const acr = params['acr_values']
  const login = { accountId: 'ada', ...(typeof acr === 'string' && { acr }) }
  if (prompt.name === 'login') return finish({ login })
  const accountId = session?.accountId ?? ''
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) })
  grant.addOIDCScope(String(params['scope']))
  const resources = (params['resource'] ?? []) as string | string[]
  for (const one of [resources].flat()) grant.addResourceScope(one, 'read')
  return finish({ consent: { grantId: await grant.save() } })
}

async function deny(provider: Provider, request: IncomingMessage, response: ServerResponse) {
  const result = { error: 'access_denied', error_description: 'the user said no' }
  return provider.interactionFinished(request, response, result)
}

/** What the pages of the provider do at their end, without the pages. */
async function answerDevice(provider: Provider, userCode: string, answer: 'allow' | 'deny') {
  const code = await provider.DeviceCode.findByUserCode(userCode.replaceAll('-', ''))
  if (!code) throw new Error('no device waits for this code')
  if (answer === 'deny') {
    Object.assign(code, { error: 'access_denied', errorDescription: 'the user said no' })
    await code.save()
    return
  }
  const { scope } = code.params as { scope: string }
  const grant = new provider.Grant({ accountId: 'ada', clientId: code.clientId ?? '' })
  grant.addOIDCScope(scope)
  const grantId = await grant.save()
  const authTime = Math.floor(Date.now() / 1000)
  Object.assign(code, { accountId: 'ada', grantId, scope, authTime })
  await code.save()
}

function configuration(
  entries: Map<string, AdapterPayload>,
  given: OAuthClients,
  requireDpopNonce: boolean,
): Configuration {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const hour = 3_600
  const allow = () => true
  return {
    adapter: (model: string) => memoryAdapter(model, entries),
    clients: clientsOf(given),
    scopes: ['openid', 'profile', 'read', 'write'],
    acrValues: ['mfa'],
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    expiresWithSession: () => false,
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    jwks: { keys: [key.export({ format: 'jwk' })] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: hour,
      AuthorizationCode: 60,
      ClientCredentials: hour,
      DeviceCode: 600,
      Grant: 365 * 24 * hour,
      IdToken: hour,
      Interaction: hour,
      RefreshToken: 14 * 24 * hour,
      Session: hour,
    },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: {
        enabled: true,
        nonceSecret: randomBytes(32),
        requireNonce: () => requireDpopNonce,
      },
      introspection: { enabled: true, allowedPolicy: allow },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({
          scope: 'read',
          audience,
          accessTokenFormat: 'opaque',
        }),
      },
      revocation: { enabled: true, allowedPolicy: allow },
    },
  }
}

function clientsOf({ machine, app, phone, callback }: OAuthClients): ClientMetadata[] {
  const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code'
  const ofUsers = ['authorization_code', 'password', 'refresh_token', deviceCode]
  return [
    {
      client_id: machine.clientId,
      client_secret: machine.clientSecret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      scope: 'read write',
    },
    {
      client_id: app.clientId,
      client_secret: app.clientSecret,
      grant_types: ofUsers,
      redirect_uris: [callback],
    },
    {
      client_id: phone.clientId,
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      grant_types: ofUsers,
      redirect_uris: [callback],
    },
  ]
}
