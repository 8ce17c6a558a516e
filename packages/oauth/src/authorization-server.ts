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

/** The options that tell an endpoint, and what a server's metadata calls it. */
const ENDPOINTS = {
  tokenEndpoint: 'token_endpoint',
  revocationEndpoint: 'revocation_endpoint',
  authorizationEndpoint: 'authorization_endpoint',
  deviceAuthorizationEndpoint: 'device_authorization_endpoint',
  endSessionEndpoint: 'end_session_endpoint',
} as const

/** The option that tells an endpoint. */
export type EndpointName = keyof typeof ENDPOINTS

export const endpointNames = Object.keys(ENDPOINTS) as readonly EndpointName[]

/** Where a server is: found by its issuer, or told. */
export interface ServerPlace {
  issuer?: URL | undefined
  endpoints: Readonly<Partial<Record<EndpointName, URL>>>
  allowInsecure: boolean
}

/** Gives the server's endpoints, asking the server for them the first time. */
export type Locate = (exchange: Exchange) => Promise<AuthorizationServer>

/**
 * The endpoints of one server. What discovery gave is kept for as long as the manager lives; a
 * discovery that failed is tried again by the next who asks.
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
 * Both places of metadata: OpenID Connect Discovery, then RFC 8414, whatever the first one answered. A
 * server without OpenID may have anything there: a page, a redirect, an error of its router.
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

/** Whether a server said that there is nothing at a path, which servers say in many ways. */
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
  if (response.status !== 200) {
    const said = `${issuer.href} answered ${response.status} when asked for its metadata.`
    throw unavailable(said, response)
  }
  try {
    return await processDiscoveryResponse(issuer, response)
  } catch (error) {
    if (error instanceof OperationProcessingError && error.code === JSON_ATTRIBUTE_COMPARISON) {
      throw misconfigured(
        `The server at ${issuer.href} calls itself by another name. Give exactly that as \`issuer\`, or give \`tokenEndpoint\` instead.`,
      )
    }
    throw new LatchkeyError(
      'ERR_UNEXPECTED_ANSWER',
      `${issuer.href} did not answer with the metadata of an OAuth 2.0 server.`,
    )
  }
}

/** Metadata is only used when secrets may go where it points. What not every client needs is left out where they may not. */
function checked(server: AuthorizationServer, { allowInsecure }: ServerPlace): AuthorizationServer {
  const unusable = endpointNames.filter((name) => !isUsable(server[ENDPOINTS[name]], allowInsecure))
  if (unusable.includes('tokenEndpoint')) {
    throw misconfigured(`${server.issuer} names no usable token endpoint. Give \`tokenEndpoint\`.`)
  }
  if (unusable.includes('revocationEndpoint') && server.revocation_endpoint !== undefined) {
    throw misconfigured(`${server.issuer} names a revocation endpoint that is not protected.`)
  }
  const left = new Set<string>(unusable.map((name) => ENDPOINTS[name]))
  const usable = Object.entries(server).filter(([name]) => !left.has(name))
  return Object.fromEntries(usable) as AuthorizationServer
}

function isUsable(endpoint: unknown, allowInsecure: boolean): boolean {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return false
  return mayCarrySecrets(new URL(endpoint), allowInsecure)
}

/** @throws {LatchkeyError} `ERR_OAUTH_CONFIGURATION`, naming the option, where the server has no such endpoint. */
export function endpointOf(server: AuthorizationServer, name: EndpointName): URL {
  const endpoint = server[ENDPOINTS[name]]
  if (endpoint !== undefined) return new URL(endpoint)
  const words = ENDPOINTS[name].replaceAll('_', ' ')
  throw misconfigured(`${server.issuer} names no usable ${words}. Give \`${name}\`.`)
}
