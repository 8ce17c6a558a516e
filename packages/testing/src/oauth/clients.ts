import { randomText } from '../double/random.ts'
import { OAuthError } from './oauth-error.ts'

/** A client to add. */
export interface NewClient {
  /** Default: random. */
  clientId?: string
  /** Without it the client is public: it identifies itself by its id alone and has to use PKCE. */
  clientSecret?: string
  /** The only way in which it may present its secret. Default: either. */
  authentication?: 'basic' | 'post'
  /**
   * Where a sign-in by code may return to, compared character by character. For a public client a loopback
   * address stands for all its ports (RFC 8252, section 7.3).
   */
  redirectUris?: readonly string[]
  /** Where a sign-out in the browser may return to. */
  postLogoutRedirectUris?: readonly string[]
  /** What it may ask the token endpoint for. Default: everything, `client_credentials` with a secret only. */
  grantTypes?: readonly string[]
  /** The scopes that it may have. Default: all that the server knows. */
  scopes?: readonly string[]
}

export const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code'
export const supportedGrantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  deviceCodeGrant,
] as const

/** A client as the server keeps it. Holds a secret: never hand it out. */
export interface Client {
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly authentication: 'basic' | 'post' | undefined
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris: readonly string[]
  readonly grantTypes: readonly string[]
  /** Undefined: all that the server knows. */
  readonly scopes: readonly string[] | undefined
}

export type Clients = ReturnType<typeof createClients>

export function createClients() {
  const clients = new Map<string, Client>()
  return {
    byId: (clientId: string) => clients.get(clientId),
    add(input: NewClient): Client {
      const { clientId = randomText(21), clientSecret, authentication } = input
      const grantTypes =
        input.grantTypes ??
        supportedGrantTypes.filter((type) => clientSecret || type !== 'client_credentials')
      const { redirectUris = [], postLogoutRedirectUris = [] } = input
      const client: Client = {
        clientId,
        clientSecret,
        authentication,
        redirectUris,
        postLogoutRedirectUris,
        grantTypes,
        scopes: input.scopes,
      }
      clients.set(clientId, client)
      return client
    },
  }
}

/**
 * Finds out which client sends a form (RFC 6749, sections 2.3.1 and 3.2.1).
 *
 * @throws OAuthError `invalid_client` with 401, or `invalid_request`.
 */
export function authenticateClient(
  clients: Clients,
  authorization: string | undefined,
  form: URLSearchParams,
): Client {
  const presented = presentedCredentials(authorization, form)
  const client = clients.byId(presented.clientId)
  const isKnown =
    client !== undefined &&
    client.clientSecret === presented.clientSecret &&
    (client.authentication ?? presented.way) === presented.way
  if (isKnown) return client
  const headers =
    presented.way === 'basic' ? { 'www-authenticate': 'Basic error="invalid_client"' } : {}
  throw new OAuthError('invalid_client', 'client authentication failed', { status: 401, headers })
}

interface Presented {
  clientId: string
  clientSecret: string | undefined
  way: 'basic' | 'post' | undefined
}

function presentedCredentials(authorization: string | undefined, form: URLSearchParams): Presented {
  const clientId = form.get('client_id')
  const clientSecret = form.get('client_secret') ?? undefined
  const basic = /^basic (.+)$/i.exec(authorization ?? '')?.[1]
  if (basic !== undefined) {
    if (clientSecret !== undefined) {
      throw new OAuthError('invalid_request', 'client authentication must use one mechanism')
    }
    const [id = '', secret = ''] = decodedPair(basic)
    return { clientId: id, clientSecret: secret, way: 'basic' }
  }
  if (!clientId) throw new OAuthError('invalid_request', 'no client authentication provided')
  return { clientId, clientSecret, way: clientSecret === undefined ? undefined : 'post' }
}

/** Both halves are form-encoded before they are joined. */
function decodedPair(basic: string): string[] {
  try {
    const decode = (half: string) => decodeURIComponent(half.replaceAll('+', ' '))
    const pair = atob(basic)
    const colon = pair.indexOf(':')
    return [decode(pair.slice(0, colon)), decode(pair.slice(colon + 1))]
  } catch {
    throw new OAuthError('invalid_request', 'the Authorization header cannot be decoded')
  }
}

/** Whether a sign-in of this client may return to an address. */
export function mayReturnTo({ redirectUris, clientSecret }: Client, address: string): boolean {
  if (redirectUris.includes(address)) return true
  if (clientSecret !== undefined) return false
  const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(?=\/|$)/
  const anyPort = (uri: string) => uri.replace(loopback, 'http://$1')
  return loopback.test(address) && redirectUris.some((uri) => anyPort(uri) === anyPort(address))
}
