import {
  expectKnown,
  mayCarrySecrets,
  type OptionNames,
  parseAddress,
  readObject,
} from '@latchkey/core/service'
import { type AuthorizationServer, dynamicClientRegistrationRequest } from 'oauth4webapi'
import { locateServer } from '../authorization-server.ts'
import { misconfigured, refusal } from '../refusal.ts'
import { requestOptions } from '../sending.ts'
import { isText } from '../token-endpoint.ts'
import { exchangeOf, type LookupOptions, lookupOptions, unexpected } from './lookup.ts'

/** The client to register. */
export interface RegistrationOptions extends LookupOptions {
  /** Redirect URIs of sign-ins. Default: `http://127.0.0.1/callback`, the default of `signInWithBrowser()`. */
  redirectUris?: readonly string[] | undefined
  /** The name that users see. */
  clientName?: string | undefined
  /** Default: `['authorization_code', 'refresh_token']`. */
  grantTypes?: readonly string[] | undefined
  /** How the client will authenticate. Default: `'none'`, for programs that cannot keep a secret. */
  clientAuthentication?: 'basic' | 'post' | 'none' | undefined
  /** Needed by servers that do not let every client register. */
  initialAccessToken?: string | undefined
  /** More members of the registration, with the names of RFC 7591. */
  metadata?: Readonly<Record<string, unknown>> | undefined
}

/** The new client. Spread it into the options of `oauth()`. Keep it, or each start registers another one. */
export interface RegisteredClient {
  /** Its id. */
  clientId: string
  /** Its secret, if it was given one. */
  clientSecret?: string
  /** As the server has registered it, which may differ from the request. */
  clientAuthentication: 'basic' | 'post' | 'none'
}

const KNOWN: OptionNames<RegistrationOptions> = {
  redirectUris: true,
  clientName: 'text',
  grantTypes: true,
  clientAuthentication: true,
  initialAccessToken: 'text',
  metadata: true,
  ...lookupOptions,
}

const METHODS = {
  basic: 'client_secret_basic',
  post: 'client_secret_post',
  none: 'none',
} as const
const NAMES = ['basic', 'post', 'none'] as const

/**
 * Registers a client with an authorization server (RFC 7591).
 *
 * @returns The client as options for `oauth()`.
 * @throws {LatchkeyError} `ERR_OAUTH_CONFIGURATION` when the server does not register clients, or not this one;
 *   `ERR_SERVER_UNAVAILABLE`; `ERR_UNEXPECTED_ANSWER`; `ERR_INVALID_OPTION`; and `signal`'s own reason.
 */
export async function registerClient(
  issuer: string,
  given: RegistrationOptions = {},
): Promise<RegisteredClient> {
  const options = expectKnown(given, KNOWN)
  const { initialAccessToken, clientAuthentication = 'none', allowInsecure = false } = options
  const exchange = exchangeOf(options)
  const place = { issuer: parseAddress('issuer', issuer, { allowInsecure }), allowInsecure }
  const server = await locateServer({ ...place, endpoints: {} })(exchange)
  checkEndpoint(server, allowInsecure)
  const response = await dynamicClientRegistrationRequest(server, registration(options), {
    ...requestOptions(exchange),
    ...(initialAccessToken !== undefined && { initialAccessToken }),
  })
  const body = await response.text()
  if (!response.ok) {
    const secrets = initialAccessToken === undefined ? [] : [initialAccessToken]
    throw refusal(response, body, { action: 'register the client', secrets })
  }
  const answer = readObject(body)
  const { client_id: clientId, client_secret: clientSecret } = answer
  // The server may register another method than the requested one (RFC 7591 section 3.2.1).
  const { token_endpoint_auth_method: method = METHODS[clientAuthentication] } = answer
  const registered = NAMES.find((name) => METHODS[name] === method)
  const secret = registered !== 'none' && isText(clientSecret) && { clientSecret }
  if (!isText(clientId) || !registered || (registered !== 'none' && !secret)) {
    throw unexpected(`${server.issuer} answered a registration without a usable client (RFC 7591).`)
  }
  return { clientId, ...secret, clientAuthentication: registered }
}

/** A program on this machine must be `native`, because only then do servers allow any port (RFC 8252). */
function registration({
  redirectUris = ['http://127.0.0.1/callback'],
  grantTypes = ['authorization_code', 'refresh_token'],
  clientAuthentication = 'none',
  clientName,
  metadata,
}: RegistrationOptions) {
  const isLocal = redirectUris.every((uri) => URL.canParse(uri) && isLoopback(new URL(uri)))
  const isByCode = grantTypes.includes('authorization_code')
  return {
    redirect_uris: [...(isByCode ? redirectUris : [])],
    grant_types: [...grantTypes],
    response_types: isByCode ? ['code'] : [],
    token_endpoint_auth_method: METHODS[clientAuthentication],
    ...(isByCode && { application_type: isLocal ? 'native' : 'web' }),
    ...(clientName !== undefined && { client_name: clientName }),
    ...metadata,
  }
}

const isLoopback = ({ protocol, hostname }: URL) =>
  protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)

/** Refuses an unprotected endpoint, because the answer may hold a secret. */
function checkEndpoint({ issuer, registration_endpoint }: AuthorizationServer, insecure: boolean) {
  if (registration_endpoint === undefined || !URL.canParse(registration_endpoint)) {
    throw misconfigured(
      `${issuer} does not register clients automatically. Register the client there by hand, and set \`clientId\`.`,
    )
  }
  if (!mayCarrySecrets(new URL(registration_endpoint), insecure)) {
    throw misconfigured(`${issuer} names a registration endpoint that is not protected by https.`)
  }
}
