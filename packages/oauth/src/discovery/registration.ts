import {
  expectKnown,
  mayCarrySecrets,
  type OptionNames,
  parseAddress,
} from '@latchkey/core/service'
import {
  type AuthorizationServer,
  dynamicClientRegistrationRequest,
  processDynamicClientRegistrationResponse,
} from 'oauth4webapi'
import { locateServer } from '../authorization-server.ts'
import { misconfigured, refusal } from '../refusal.ts'
import { requestOptions } from '../sending.ts'
import { exchangeOf, type LookupOptions, lookupOptions, unexpected } from './lookup.ts'

/** What to register. */
export interface RegistrationOptions extends LookupOptions {
  /** Where sign-ins return to. Default: `http://127.0.0.1/callback`, as `signInWithBrowser()` has it. */
  redirectUris?: readonly string[] | undefined
  /** What users are shown. */
  clientName?: string | undefined
  /** Default: `['authorization_code', 'refresh_token']`. */
  grantTypes?: readonly string[] | undefined
  /** How the client will show who it is. Default: `'none'`, for programs that can keep no secret. */
  clientAuthentication?: 'basic' | 'post' | 'none' | undefined
  /** Of a server that lets only some register. */
  initialAccessToken?: string | undefined
  /** More members of the registration, called as RFC 7591 does. */
  metadata?: Readonly<Record<string, unknown>> | undefined
}

/** The new client. Can be spread into the options of `oauth()`; keep it, or each start registers another one. */
export interface RegisteredClient {
  /** Its id. */
  clientId: string
  /** Its secret, if it was given one. */
  clientSecret?: string
  /** As it was registered. */
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

/**
 * Registers a client with an authorization server (RFC 7591).
 *
 * @returns What `oauth()` has to be told of it.
 * @throws {LatchkeyError} `ERR_OAUTH_CONFIGURATION` when the server registers no clients, or not this one;
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
  if (response.status !== 201) {
    const secrets = initialAccessToken === undefined ? [] : [initialAccessToken]
    throw refusal(response, body, { action: 'register the client', secrets })
  }
  const { status, headers } = response
  const answer = new Response(body, { status, headers })
  const client = await processDynamicClientRegistrationResponse(answer).catch(() => {
    throw unexpected(`${server.issuer} answered a registration without a usable client (RFC 7591).`)
  })
  const { client_id: clientId, client_secret: clientSecret } = client
  const secret = typeof clientSecret === 'string' && { clientSecret }
  return { clientId, ...secret, clientAuthentication }
}

/** A program of this machine is `native`: only then do servers allow it every port (RFC 8252). */
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

/** The answer may hold a secret. */
function checkEndpoint({ issuer, registration_endpoint }: AuthorizationServer, insecure: boolean) {
  if (registration_endpoint === undefined || !URL.canParse(registration_endpoint)) {
    throw misconfigured(
      `${issuer} registers no clients. Register there by hand, and give \`clientId\`.`,
    )
  }
  if (!mayCarrySecrets(new URL(registration_endpoint), insecure)) {
    throw misconfigured(`${issuer} names a registration endpoint that is not protected.`)
  }
}
