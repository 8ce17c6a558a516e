import { LatchkeyError, type MaybePromise, type TokenSet } from '@latchkey/core'
import type { SignInAnswer } from '@latchkey/core/service'
import { type Client, type ClientAuth, genericTokenEndpointRequest } from 'oauth4webapi'
import { type AudienceAt, obtainAll } from './audiences.ts'
import type { DPoPBinding } from './dpop/binding.ts'
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
  /** The APIs that tokens are for, where there are several. */
  audiences?: readonly AudienceAt[]
  /** Where tokens are bound to a key. */
  dpop?: DPoPBinding | undefined
}

/** One request to the token endpoint. */
export interface TokenRequest extends Asked {
  grantType: string
  parameters: Record<string, string>
  /** Default: the context's. */
  authentication?: ClientAuth
  /** Whom the token is for. Default: the first of the context's audiences, and all others after it. */
  audience?: AudienceAt
  /** The token set that is renewed, whose key the new one is bound to. */
  renewing?: TokenSet | undefined
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
  const answered = await askTokenEndpoint(context, request, exchange)
  return readTokenAnswer(context, request, answered, exchange)
}

/** One request to the token endpoint, whatever its answer is. A second one where the server wants a nonce in its proof. */
export async function askTokenEndpoint(
  context: OAuthContext,
  request: TokenRequest,
  exchange: Exchange,
): Promise<TokenAnswer> {
  const { dpop } = context
  const server = await context.locate(exchange)
  const parameters = new URLSearchParams(context.parameters)
  const { audience = context.audiences?.[0] } = request
  const resource = audience?.resource
  const scope = audience && ownScope(audience)
  const isScoped = scope !== undefined && !BY_CODE.has(request.grantType)
  const own = { ...request.parameters, ...(resource && { resource }), ...(isScoped && { scope }) }
  for (const [name, value] of Object.entries(own)) parameters.set(name, value)
  const prover = await dpop?.proverOf(request.renewing)
  const send = async (): Promise<TokenAnswer> => {
    const response = await genericTokenEndpointRequest(
      server,
      context.client,
      request.authentication ?? context.authentication,
      request.grantType,
      parameters,
      { ...requestOptions(exchange), ...(prover && { DPoP: prover }) },
    )
    const body = await response.text()
    return { issuer: server.issuer, response, body, answer: readAnswer(body) }
  }
  const first = await send()
  const isLearned = dpop?.learn(first.response.headers, server.token_endpoint ?? '')
  return isLearned && first.answer['error'] === 'use_dpop_nonce' ? send() : first
}

/** What an object inherits is not what was said. */
const ownScope = (of: { readonly scope?: string | undefined }): string | undefined =>
  Object.hasOwn(of, 'scope') ? of.scope : undefined

/** Grants whose scopes have been asked for when the code was. */
const BY_CODE: ReadonlySet<string> = new Set([
  'authorization_code',
  'urn:ietf:params:oauth:grant-type:device_code',
])

/** The token set in an answer, and the tokens for all other audiences. Throws as requestTokens() does. */
export async function readTokenAnswer(
  context: OAuthContext,
  request: TokenRequest,
  { issuer, response, body, answer }: TokenAnswer,
  exchange: Exchange,
): Promise<TokenSet> {
  // GitHub tells errors with 200.
  if (!response.ok || typeof answer['error'] === 'string') {
    throw refusal(response, body, {
      ...request,
      secrets: [...request.secrets, ...context.secrets()],
    })
  }
  const { dpop, now } = context
  const tokens = readTokens(issuer, answer, now(), dpop !== undefined)
  // RFC 6749 section 5.1: where it is not told, it is what was asked for.
  const scope = ownScope(tokens) ?? ownScope(request.parameters as { scope?: string })
  await request.onAnswer?.({ status: response.status, body: { ...answer } })
  const told = { ...tokens, ...(scope !== undefined && { scope }) }
  const bound = dpop ? await dpop.keepWith(told, request.renewing) : told
  const { audiences = [] } = context
  if (request.audience || audiences.length < 2) return bound
  return obtainAll(audiences, bound, now(), (audience, latest) =>
    requestTokens(context, { ...againFor(request, latest), audience }, exchange),
  )
}

/** The request for one more token: with the refresh token, where there is one, else the same once more. */
function againFor(request: TokenRequest, latest: TokenSet): TokenRequest {
  const { refreshToken } = latest
  if (refreshToken === undefined) return { ...request, onAnswer: undefined }
  return {
    action: 'exchange the refresh token',
    grantType: 'refresh_token',
    parameters: { refresh_token: refreshToken },
    secrets: [refreshToken],
    renewing: latest,
  }
}

/** Types of tokens that prove who holds them, each request anew (RFC 9449, draft-ietf-oauth-v2-http-mac). */
const BOUND = /^(dpop|pop|mac)$/i

/**
 * The token set in a successful answer (RFC 6749 section 5.1). What we do not need cannot make it fail: a type that is
 * missing or that nobody knows is bearer, an ID token is kept unread, and a life that is no number of seconds
 * is none.
 */
function readTokens(
  issuer: string,
  answer: Record<string, unknown>,
  now: number,
  isBound: boolean,
): TokenSet {
  const text = (snake: string, camel: string) =>
    [answer[snake], answer[camel]].find((value) => isText(value))
  const accessToken = text('access_token', 'accessToken')
  const type = text('token_type', 'tokenType') ?? 'bearer'
  if (accessToken === undefined) {
    throw unusable(
      `${issuer} answered without an access token. Is this the token endpoint of an OAuth 2.0 server?`,
    )
  }
  if (isBound ? !/^dpop$/i.test(type) : BOUND.test(type)) {
    const wanted = isBound ? 'one that is bound to our key (RFC 9449)' : 'a bearer token (RFC 6750)'
    throw unusable(`${issuer} gave a token of type "${type}", not ${wanted}.`)
  }
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
