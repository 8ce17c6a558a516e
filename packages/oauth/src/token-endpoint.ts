import { LatchkeyError, type MaybePromise, type TokenSet } from '@latchkey/core'
import type { SignInAnswer } from '@latchkey/core/service'
import { type Client, type ClientAuth, genericTokenEndpointRequest } from 'oauth4webapi'
import { type AudienceAt, obtainAll } from './audiences.ts'
import type { DPoPBinding } from './dpop/binding.ts'
import type { Locate } from './authorization-server.ts'
import { type Asked, misconfigured, readAnswer, refusal } from './refusal.ts'
import { type Exchange, requestOptions } from './sending.ts'

/** The server and the client, as shared by the parts of one manager. */
export interface OAuthContext {
  locate: Locate
  client: Client
  /** How the client authenticates. */
  authentication: ClientAuth
  /** Parameters of each token request. */
  parameters: URLSearchParams
  /** Values that are removed from messages if the server repeats them. */
  secrets(): readonly string[]
  now(): number
  /** The APIs that tokens are for, if there are several. */
  audiences?: readonly AudienceAt[]
  /** Present if tokens are bound to a key. */
  dpop?: DPoPBinding | undefined
  /** The session that new tokens belong to, while a challenge to it is answered. They are bound to its key. */
  session?: TokenSet
}

/** One request to the token endpoint. */
export interface TokenRequest extends Asked {
  grantType: string
  parameters: Record<string, string>
  /** Default: the context's parameters. */
  authentication?: ClientAuth
  /** The API that the token is for. Default: the first of the context's audiences, then all others. */
  audience?: AudienceAt
  /** The token set to renew. The new one is bound to the same key. */
  renewing?: TokenSet | undefined
  /** Called with the server's successful answer. If it throws, the request fails with that error. */
  onAnswer?: ((answer: SignInAnswer) => MaybePromise<unknown>) | undefined
}

/** Any answer of the token endpoint. */
export interface TokenAnswer {
  issuer: string
  response: Response
  body: string
  answer: Record<string, unknown>
}

/**
 * Asks the token endpoint for a token set.
 *
 * @throws {LatchkeyError} the errors of refusal(), `ERR_SERVER_UNAVAILABLE` when the server was not reached,
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

/** Sends a request to the token endpoint. Returns any answer. Repeats it once if the server wants a nonce in its proof. */
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
  const prover = await dpop?.proverOf(request.renewing ?? context.session)
  let isLearned: boolean | undefined
  const send = async (): Promise<TokenAnswer> => {
    const response = await genericTokenEndpointRequest(
      server,
      context.client,
      request.authentication ?? context.authentication,
      request.grantType,
      parameters,
      { ...requestOptions(exchange), ...(prover && { DPoP: prover }) },
    )
    isLearned = dpop?.learn(response.headers, server.token_endpoint ?? '')
    const body = await response.text()
    return { issuer: server.issuer, response, body, answer: readAnswer(body) }
  }
  const first = await send()
  return isLearned && first.answer['error'] === 'use_dpop_nonce' ? send() : first
}

/** Reads an own property only: an inherited scope was not asked for. */
const ownScope = (of: { readonly scope?: string | undefined }): string | undefined =>
  Object.hasOwn(of, 'scope') ? of.scope : undefined

/** Grants by a code, which can be used once. They do not send a scope, because it was sent when the code was requested. */
const BY_CODE: ReadonlySet<string> = new Set([
  'authorization_code',
  'urn:ietf:params:oauth:grant-type:device_code',
])

/** Returns the token set in an answer, with the tokens for all other audiences. Throws as requestTokens() does. */
export async function readTokenAnswer(
  context: OAuthContext,
  request: TokenRequest,
  { issuer, response, body, answer }: TokenAnswer,
  exchange: Exchange,
): Promise<TokenSet> {
  // GitHub reports errors with 200.
  if (!response.ok || typeof answer['error'] === 'string') {
    throw refusal(response, body, {
      ...request,
      secrets: [...request.secrets, ...context.secrets()],
    })
  }
  const { dpop, now } = context
  const tokens = readTokens(issuer, answer, now(), dpop !== undefined)
  // RFC 6749 section 5.1: an answer without a scope means the requested one.
  const scope = ownScope(tokens) ?? ownScope(request.parameters)
  await request.onAnswer?.({ status: response.status, body: { ...answer } })
  const told = { ...tokens, ...(scope !== undefined && { scope }) }
  const bound = dpop ? await dpop.keepWith(told, request.renewing ?? context.session) : told
  const { audiences = [] } = context
  if (request.audience || audiences.length < 2) return bound
  if (BY_CODE.has(request.grantType) && bound.refreshToken === undefined) throw withoutRefresh()
  return obtainAll(audiences, bound, now(), (audience, latest) =>
    requestTokens(context, { ...againFor(request, latest), audience }, exchange),
  )
}

const withoutRefresh = () =>
  misconfigured(
    'The server issued no refresh token, so the tokens of the other `audiences` cannot be requested. Request one, usually by `scope: "offline_access"`.',
  )

/** Returns the request for one more token: with the refresh token if there is one, else the same again. */
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

/** Types of tokens that need a proof with each request (RFC 9449, draft-ietf-oauth-v2-http-mac). */
const BOUND = /^(dpop|pop|mac)$/i

/**
 * Returns the token set in a successful answer (RFC 6749 section 5.1). Fields that we do not need cannot make it fail:
 * a missing or unknown type counts as bearer, an ID token is kept unread, and a lifetime that is not a number of
 * seconds is ignored.
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
    throw unusable(`${issuer} returned a token of type "${type}", not ${wanted}.`)
  }
  const refreshToken = text('refresh_token', 'refreshToken')
  const idToken = text('id_token', 'idToken')
  const scope = text('scope', 'scope')
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    expiresAt: now + readSeconds(answer['expires_in'] ?? answer['expiresIn']) * 1000, // the manager drops a value that is not an instant
    ...(idToken !== undefined && { idToken }),
    ...(scope !== undefined && { scope }),
  }
}

/** Makes the error for an unusable success. Its code shows core that the server may have used up the refresh token. */
const unusable = (message: string) => new LatchkeyError('ERR_UNUSABLE_TOKEN', message)

/** Returns a number of seconds, which some servers write as a string; NaN for anything else. */
export function readSeconds(value: unknown): number {
  return typeof value === 'number' || isText(value) ? Number(value) : Number.NaN
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
