import { LatchkeyError, type MaybePromise, type TokenSet } from '@latchkey/core'
import type { SignInAnswer } from '@latchkey/core/service'
import { type Client, type ClientAuth, genericTokenEndpointRequest } from 'oauth4webapi'
import type { Locate } from './authorization-server.ts'
import { type Asked, readAnswer, refusal } from './refusal.ts'
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
  secrets(): readonly string[]
  now(): number
}

/** One request to the token endpoint. */
export interface TokenRequest extends Asked {
  grantType: string
  parameters: Record<string, string>
  /** Default: the context's. */
  authentication?: ClientAuth
  /** Told the server's success. What it throws is the request's end. */
  onAnswer?: ((answer: SignInAnswer) => MaybePromise<unknown>) | undefined
}

/** What the token endpoint answered, whatever that is. */
export interface TokenAnswer {
  issuer: string
  response: Response
  body: string
  answer: Record<string, unknown>
}

/**
 * Asks the token endpoint for a token set.
 *
 * @throws {LatchkeyError} as refusal() says, `ERR_SERVER_UNAVAILABLE` when the server was not reached,
 *   `ERR_UNUSABLE_TOKEN` for a success without a bearer token, `ERR_REDIRECT_REFUSED`.
 */
export async function requestTokens(
  context: OAuthContext,
  request: TokenRequest,
  exchange: Exchange,
): Promise<TokenSet> {
  return readTokenAnswer(context, request, await askTokenEndpoint(context, request, exchange))
}

/** One request to the token endpoint, whatever its answer is. */
export async function askTokenEndpoint(
  context: OAuthContext,
  request: TokenRequest,
  exchange: Exchange,
): Promise<TokenAnswer> {
  const server = await context.locate(exchange)
  const parameters = new URLSearchParams(context.parameters)
  for (const [name, value] of Object.entries(request.parameters)) parameters.set(name, value)
  const response = await genericTokenEndpointRequest(
    server,
    context.client,
    request.authentication ?? context.authentication,
    request.grantType,
    parameters,
    requestOptions(exchange),
  )
  const body = await response.text()
  return { issuer: server.issuer, response, body, answer: readAnswer(body) }
}

/** The token set in an answer. Throws as requestTokens() does. */
export async function readTokenAnswer(
  context: OAuthContext,
  request: TokenRequest,
  { issuer, response, body, answer }: TokenAnswer,
): Promise<TokenSet> {
  // GitHub tells errors with 200.
  if (!response.ok || typeof answer['error'] === 'string') {
    throw refusal(response, body, {
      ...request,
      secrets: [...request.secrets, ...context.secrets()],
    })
  }
  const tokens = readTokens(issuer, answer, context.now())
  // RFC 6749 section 5.1: where it is not told, it is what was asked for.
  const scope = tokens.scope ?? request.parameters['scope']
  await request.onAnswer?.({ status: response.status, body: { ...answer } })
  return { ...tokens, ...(scope !== undefined && { scope }) }
}

/** Types of tokens that prove who holds them, each request anew (RFC 9449, draft-ietf-oauth-v2-http-mac). */
const BOUND = /^(dpop|pop|mac)$/i

/**
 * The token set in a successful answer (RFC 6749 section 5.1). What we do not need cannot make it fail: a type that is
 * missing or that nobody knows is bearer, an ID token is kept unread, and a life that is no number of seconds
 * is none.
 */
function readTokens(issuer: string, answer: Record<string, unknown>, now: number): TokenSet {
  const text = (snake: string, camel: string) =>
    [answer[snake], answer[camel]].find((value) => isText(value))
  const accessToken = text('access_token', 'accessToken')
  const type = text('token_type', 'tokenType') ?? 'bearer'
  if (accessToken === undefined) {
    throw unusable(
      `${issuer} answered without an access token. Is this the token endpoint of an OAuth 2.0 server?`,
    )
  }
  if (BOUND.test(type))
    throw unusable(`${issuer} gave a token of type "${type}", not a bearer token (RFC 6750).`)
  const refreshToken = text('refresh_token', 'refreshToken')
  const idToken = text('id_token', 'idToken')
  const scope = text('scope', 'scope')
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    expiresAt: now + readSeconds(answer['expires_in'] ?? answer['expiresIn']) * 1000, // the manager leaves out what is no instant
    ...(idToken !== undefined && { idToken }),
    ...(scope !== undefined && { scope }),
  }
}

/** Whatever was asked for may have been done, as core knows by this code. */
const unusable = (message: string) => new LatchkeyError('ERR_UNUSABLE_TOKEN', message)

/** A number of seconds, which some servers write as a string; NaN for anything else. */
function readSeconds(value: unknown): number {
  return typeof value === 'number' || isText(value) ? Number(value) : Number.NaN
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
