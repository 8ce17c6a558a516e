import { LatchkeyError, type TokenSet } from '@latchkey/core'
import { readObject } from '@latchkey/core/service'
import {
  type AuthorizationServer,
  type Client,
  type ClientAuth,
  genericTokenEndpointRequest,
  processGenericTokenEndpointResponse,
} from 'oauth4webapi'
import type { Locate } from './authorization-server.ts'
import { type Asked, refusal } from './refusal.ts'
import { type Exchange, requestOptions } from './sending.ts'

/** What the parts of one manager know about the server and its client. */
export interface OAuthContext {
  locate: Locate
  client: Client
  /** How the client shows who it is. */
  authentication: ClientAuth
  /** Sent with each token request. */
  parameters: URLSearchParams
  /** What never shows up in a message, should the server repeat it. */
  secrets: readonly string[]
  now(): number
  /** Told the scope of each token set that the server gives. */
  onScope?: (accessToken: string, scope: string | undefined) => void
}

/** One request to the token endpoint. */
export interface TokenRequest extends Asked {
  grantType: string
  parameters: Record<string, string>
  /** Default: the context's. */
  authentication?: ClientAuth
}

/**
 * Asks the token endpoint for a token set.
 *
 * @throws {LatchkeyError} as refusal() says, `ERR_SERVER_UNAVAILABLE` when the server was not reached,
 *   `ERR_UNUSABLE_TOKEN` for a 200 without a bearer token, `ERR_REDIRECT_REFUSED`.
 */
export async function requestTokens(
  context: OAuthContext,
  request: TokenRequest,
  exchange: Exchange,
): Promise<TokenSet> {
  const { client, now } = context
  const server = await context.locate(exchange)
  const parameters = new URLSearchParams(context.parameters)
  for (const [name, value] of Object.entries(request.parameters)) parameters.set(name, value)
  const response = await genericTokenEndpointRequest(
    server,
    client,
    request.authentication ?? context.authentication,
    request.grantType,
    parameters,
    requestOptions(exchange),
  )
  const body = await response.text()
  const answer = readObject(body)
  // GitHub tells errors with 200.
  if (response.status !== 200 || typeof answer['error'] === 'string') {
    throw refusal(response, body, {
      ...request,
      secrets: [...request.secrets, ...context.secrets],
    })
  }
  const { tokens, scope } = await readAnswer(server, client, answer, now())
  context.onScope?.(tokens.accessToken, scope)
  return tokens
}

/**
 * The token set in a successful answer (RFC 6749 section 5.1). What we do not need cannot make it fail:
 * an ID token is left to who reads it, and a life that is no number of seconds is none.
 */
async function readAnswer(
  server: AuthorizationServer,
  client: Client,
  answer: Record<string, unknown>,
  now: number,
): Promise<{ tokens: TokenSet; scope: string | undefined }> {
  const { access_token, token_type, refresh_token, expires_in, scope } = answer
  const known = {
    access_token,
    token_type,
    ...(isText(refresh_token) && { refresh_token }),
    ...(isText(scope) && { scope }),
  }
  const read = await processGenericTokenEndpointResponse(
    server,
    client,
    Response.json(known),
  ).catch(() => {
    throw unusable(
      `${server.issuer} answered without an access token and its type. Is this the token endpoint of an OAuth 2.0 server?`,
    )
  })
  if (read.token_type !== 'bearer') {
    throw unusable(`${server.issuer} gave a token that is no bearer token (RFC 6750).`)
  }
  const tokens = {
    accessToken: read.access_token,
    ...(read.refresh_token !== undefined && { refreshToken: read.refresh_token }),
    expiresAt: now + readSeconds(expires_in) * 1000, // the manager leaves out what is no instant
  }
  return { tokens, scope: read.scope }
}

/** Whatever was asked for may have been done, as core knows by this code. */
const unusable = (message: string) => new LatchkeyError('ERR_UNUSABLE_TOKEN', message)

/** A number of seconds, which some servers write as a string; NaN for anything else. */
function readSeconds(value: unknown): number {
  return typeof value === 'number' || isText(value) ? Number(value) : Number.NaN
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
