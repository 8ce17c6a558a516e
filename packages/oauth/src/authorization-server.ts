import { LatchkeyError } from '@latchkey/core'
import { mayCarrySecrets } from '@latchkey/core/service'
import {
  type AuthorizationServer,
  discoveryRequest,
  JSON_ATTRIBUTE_COMPARISON,
  OperationProcessingError,
  processDiscoveryResponse,
} from 'oauth4webapi'
import { misconfigured, unavailable } from './refusal.ts'
import { type Exchange, requestOptions } from './sending.ts'

/** The options for endpoints, and their names in a server's metadata. */
const ENDPOINTS = {
  tokenEndpoint: 'token_endpoint',
  revocationEndpoint: 'revocation_endpoint',
  authorizationEndpoint: 'authorization_endpoint',
  deviceAuthorizationEndpoint: 'device_authorization_endpoint',
  endSessionEndpoint: 'end_session_endpoint',
} as const

/** The name of an option for an endpoint. */
export type EndpointName = keyof typeof ENDPOINTS

export const endpointNames = Object.keys(ENDPOINTS) as readonly EndpointName[]

/** The options that locate a server: its issuer, or its endpoints. */
export interface ServerPlace {
  issuer?: URL | undefined
  endpoints: Readonly<Partial<Record<EndpointName, URL>>>
  allowInsecure: boolean
}

/** Returns the server's endpoints. The first call asks the server for them. */
export type Locate = (exchange: Exchange) => Promise<AuthorizationServer>

/**
 * Finds the endpoints of one server. The result of discovery is kept until the manager is disposed of. A failed
 * discovery is repeated by the next request.
 */
export function locateServer(place: ServerPlace): Locate {
  const { issuer, endpoints } = place
  const told = Object.fromEntries(
    endpointNames.flatMap((name) => {
      const endpoint = endpoints[name]
      return endpoint ? [[ENDPOINTS[name], endpoint.href]] : []
    }),
  )
  let known: AuthorizationServer | undefined
  return async (exchange) => {
    known ??= issuer
      ? checked({ ...(await discover(issuer, exchange)), ...told }, place)
      : { issuer: endpoints.tokenEndpoint?.origin ?? '', ...told }
    return known
  }
}

/**
 * Reads both places of metadata: OpenID Connect Discovery, then RFC 8414, whatever the first one answered. A
 * server without OpenID may answer there with a page, a redirect or an error of its router.
 */
async function discover(issuer: URL, exchange: Exchange): Promise<AuthorizationServer> {
  try {
    return await readMetadata(issuer, 'oidc', exchange)
  } catch (first) {
    exchange.signal?.throwIfAborted()
    return readMetadata(issuer, 'oauth2', exchange).catch((second: unknown) => {
      throw isNothingThere(first) ? second : first
    })
  }
}

/** Returns whether an answer means that the path does not exist. Servers report that in many ways. */
function isNothingThere(error: unknown): boolean {
  const { status = 0 } = error as LatchkeyError
  return status >= 400 && status < 500
}

async function readMetadata(
  issuer: URL,
  algorithm: 'oidc' | 'oauth2',
  exchange: Exchange,
): Promise<AuthorizationServer> {
  const response = await discoveryRequest(issuer, { ...requestOptions(exchange), algorithm })
  if (!response.ok) {
    const said = `${issuer.href} answered ${response.status} when asked for its metadata.`
    throw unavailable(said, response)
  }
  try {
    return await processDiscoveryResponse(issuer, new Response(await response.text()))
  } catch (error) {
    if (error instanceof OperationProcessingError && error.code === JSON_ATTRIBUTE_COMPARISON) {
      throw misconfigured(
        `The server at ${issuer.href} names another issuer in its metadata. Set \`issuer\` to the name in the metadata, or set \`tokenEndpoint\` instead.`,
      )
    }
    throw new LatchkeyError(
      'ERR_UNEXPECTED_ANSWER',
      `${issuer.href} did not answer with the metadata of an OAuth 2.0 server.`,
    )
  }
}

/** Checks that secrets may be sent to the endpoints in metadata. Leaves out unprotected ones that not every client needs. */
function checked(server: AuthorizationServer, { allowInsecure }: ServerPlace): AuthorizationServer {
  const unusable = endpointNames.filter((name) => !isUsable(server[ENDPOINTS[name]], allowInsecure))
  if (unusable.includes('tokenEndpoint')) {
    throw misconfigured(`${server.issuer} names no usable token endpoint. Set \`tokenEndpoint\`.`)
  }
  if (unusable.includes('revocationEndpoint') && server.revocation_endpoint !== undefined) {
    throw misconfigured(
      `${server.issuer} names a revocation endpoint that is not protected by https.`,
    )
  }
  const left = new Set<string>(unusable.map((name) => ENDPOINTS[name]))
  const usable = Object.entries(server).filter(([name]) => !left.has(name))
  return Object.fromEntries(usable) as AuthorizationServer
}

function isUsable(endpoint: unknown, allowInsecure: boolean): boolean {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return false
  return mayCarrySecrets(new URL(endpoint), allowInsecure)
}

/** @throws {LatchkeyError} `ERR_OAUTH_CONFIGURATION`, naming the option, if the server does not have that endpoint. */
export function endpointOf(server: AuthorizationServer, name: EndpointName): URL {
  const endpoint = server[ENDPOINTS[name]]
  if (endpoint !== undefined) return new URL(endpoint)
  const words = ENDPOINTS[name].replaceAll('_', ' ')
  throw misconfigured(`${server.issuer} names no usable ${words}. Set \`${name}\`.`)
}
