import { LatchkeyError } from '@latchkey/core'
import {
  expectKnown,
  invalidOption,
  type OptionNames,
  type SignInAnswer,
} from '@latchkey/core/service'
import {
  type AuthorizationServer,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
} from 'oauth4webapi'
import { endpointOf } from '../authorization-server.ts'
import { type TokenRequest, requestTokens } from '../token-endpoint.ts'
import { readCallback, toParameters } from './callback.ts'
import { expectOwnIdToken } from './id-token.ts'
import { keepPending, type PendingSignIn, takePending } from './pending-sign-ins.ts'
import {
  beginSession,
  type SignInContext,
  signInContextOf,
  type SignInTarget,
} from './sign-in-context.ts'
import { asked, type SignInOptions, signInOptions } from './sign-in-options.ts'

/** Options of startSignIn(). */
export interface StartSignInOptions extends SignInOptions {
  /** The registered URL that the server sends the user back to. */
  redirectUri: string
}

const START: OptionNames<StartSignInOptions> = { redirectUri: 'text', ...signInOptions }

/** A sign-in that has begun. */
export interface StartedSignIn {
  /** The page to send the user to: `location.assign(url)`, or a redirect. */
  url: string
  /** Data for `finishSignIn()`. In a page the tab keeps it; a server has to keep it with the user's visit. */
  pending: PendingSignIn
}

/**
 * Begins the sign-in of a person with their browser: authorization code with PKCE, `state`, and a `nonce`
 * for OpenID (RFC 6749 section 4.1, RFC 7636, RFC 9700). The session in use stays until `finishSignIn()`.
 *
 * In a page, the tab keeps the data for `finishSignIn()`. A server has to keep `pending`.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`; `ERR_OAUTH_CONFIGURATION` if the server has no
 *   authorization endpoint; `ERR_SERVER_UNAVAILABLE`.
 *
 * @example
 * const { url } = await startSignIn(manager, { redirectUri: `${location.origin}/callback` })
 * location.assign(url)
 */
export async function startSignIn(
  manager: SignInTarget,
  options: StartSignInOptions,
): Promise<StartedSignIn> {
  const started = await prepareSignIn(signInContextOf(manager), expectKnown(options, START))
  keepPending(started.pending)
  return started
}

/** Does what startSignIn() does, but leaves keeping `pending` to the caller. */
export async function prepareSignIn(
  context: SignInContext,
  { redirectUri, ...options }: StartSignInOptions,
): Promise<StartedSignIn> {
  if (!URL.canParse(redirectUri)) throw invalidOption('`redirectUri` must be an absolute URI.')
  const { scope, more } = asked(options, context.scope)
  const server = await context.locate({ fetch: context.fetch })
  const endpoint = endpointOf(server, 'authorizationEndpoint')
  const isOpenID = scope?.split(' ').includes('openid') === true && isDescribed(server)
  const pending: PendingSignIn = {
    state: generateRandomState(),
    codeVerifier: generateRandomCodeVerifier(),
    ...(isOpenID && { nonce: generateRandomNonce() }),
    redirectUri,
  }
  const { client_id } = context.client
  const query = endpoint.searchParams
  for (const [name, value] of audiencesOf(context)) query.append(name, value)
  for (const [name, value] of more) query.set(name, value)
  const own = {
    client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    ...(scope !== undefined && { scope }),
    state: pending.state,
    ...(pending.nonce !== undefined && { nonce: pending.nonce }),
    code_challenge: await calculatePKCECodeChallenge(pending.codeVerifier),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(own)) query.set(name, value)
  return { url: endpoint.href, pending }
}

/** Returns the parameters that name the APIs, for the page that asks the user. Others may be secret. */
function audiencesOf({ parameters, audiences = [] }: SignInContext): [string, string][] {
  const told = [...parameters].filter(([name]) => name === 'resource' || name === 'audience')
  const several = audiences.flatMap(({ resource }) => resource ?? [])
  return [...told, ...several.map((one): [string, string] => ['resource', one])]
}

/** Returns whether the issuer is known. Without it, ID tokens cannot be checked. */
const isDescribed = ({ issuer, jwks_uri }: AuthorizationServer) =>
  issuer !== '' && jwks_uri !== undefined

/** Options of finishSignIn(). */
export interface FinishSignInOptions {
  /** `pending` from `startSignIn()`. Default: the data that this tab has kept. */
  pending?: PendingSignIn
}

/**
 * Finishes the sign-in of a person with the server's answer, and begins their session. Each sign-in can be
 * finished once; a second call with the same URL is refused.
 *
 * @param callback The URL that the server sent the user back to, complete or as a server sees it
 *   (`request.url`), or its parameters.
 * @returns The token endpoint's answer.
 * @throws {LatchkeyError} `ERR_SIGN_IN_NOT_STARTED` for an answer to another sign-in, or to none;
 *   `ERR_SIGN_IN_REFUSED` when the user or the server refused (its `body` has the server's `error`);
 *   `ERR_UNEXPECTED_ANSWER`, `ERR_SERVER_UNAVAILABLE`, `ERR_OAUTH_CONFIGURATION`; and
 *   `ERR_SESSION_CHANGED` when a sign-out or a later sign-in took effect first. The session in use then stays.
 *
 * @example
 * await finishSignIn(manager, location.href)
 * history.replaceState(null, '', '/')
 */
export async function finishSignIn(
  manager: SignInTarget,
  callback: string | URL | URLSearchParams,
  options: FinishSignInOptions = {},
): Promise<SignInAnswer> {
  const context = signInContextOf(manager)
  const { pending: given } = expectKnown(options, { pending: true })
  const parameters = toParameters(callback)
  const state = parameters.get('state') ?? ''
  const pending = given ?? takePending(state)
  if (!pending || pending.state !== state) throw notStarted()
  return beginSession(manager, (onAnswer) => exchangeCode(context, parameters, pending, onAnswer))
}

const notStarted = () =>
  new LatchkeyError(
    'ERR_SIGN_IN_NOT_STARTED',
    'This answer does not belong to a sign-in that began here, or that sign-in has already ended. Start the sign-in again. On a server, pass the `pending` that startSignIn() returned for this user.',
  )

/** @param onAnswer Called with the token endpoint's successful answer. */
export async function exchangeCode(
  context: SignInContext,
  parameters: URLSearchParams,
  { state, codeVerifier, nonce, redirectUri }: PendingSignIn,
  onAnswer: (answer: SignInAnswer) => void,
) {
  const exchange = { fetch: context.fetch }
  const server = await context.locate(exchange)
  const known = new URLSearchParams(parameters)
  if (!context.knowsIssuer) known.delete('iss') // there is nothing to compare it with
  const code = readCallback(server, context.client, known, state)
  const request: TokenRequest = {
    action: 'finish the sign-in',
    grantType: 'authorization_code',
    parameters: { code, redirect_uri: redirectUri, code_verifier: codeVerifier },
    rejection: 'ERR_SIGN_IN_REFUSED',
    secrets: [code, codeVerifier],
    async onAnswer(answer) {
      await expectOwnIdToken(server, context.client, answer.body, nonce)
      onAnswer(answer)
    },
  }
  return requestTokens(context, request, exchange)
}
