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
import { type SignInContext, signInContextOf, type SignInTarget } from './sign-in-context.ts'
import { asked, type SignInOptions, signInOptions } from './sign-in-options.ts'

/** Where the server sends the user back to, and what to ask for. */
export interface StartSignInOptions extends SignInOptions {
  /** Where the server sends the user back to, as registered there. */
  redirectUri: string
}

const START: OptionNames<StartSignInOptions> = { redirectUri: 'text', ...signInOptions }

/** A sign-in that has begun. */
export interface StartedSignIn {
  /** Where to send the user: `location.assign(url)`, or a redirect. */
  url: string
  /** What `finishSignIn()` needs. A page's tab keeps it by itself; a server keeps it with the user's visit. */
  pending: PendingSignIn
}

/**
 * Begins the sign-in of a person with their browser: authorization code with PKCE, `state`, and a `nonce`
 * where OpenID is asked for (RFC 6749 section 4.1, RFC 7636, RFC 9700). The session in use stays until
 * `finishSignIn()`.
 *
 * In a page, the tab keeps what is needed to finish. A server keeps `pending` itself.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`; `ERR_OAUTH_CONFIGURATION` where the server has no
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

/** startSignIn(), which leaves it to the caller to keep `pending`. */
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

/** Whom the tokens are for, which the server wants to know when it asks the user. The rest may be secret. */
function audiencesOf({ parameters, audiences = [] }: SignInContext): [string, string][] {
  const told = [...parameters].filter(([name]) => name === 'resource' || name === 'audience')
  const several = audiences.flatMap(({ resource }) => resource ?? [])
  return [...told, ...several.map((one): [string, string] => ['resource', one])]
}

/** Whether the server has said its issuer, without which its ID tokens cannot be checked. */
const isDescribed = ({ issuer, jwks_uri }: AuthorizationServer) =>
  issuer !== '' && jwks_uri !== undefined

/** Where `pending` was kept by the caller. */
export interface FinishSignInOptions {
  /** What `startSignIn()` returned. Default: what this tab has kept. */
  pending?: PendingSignIn
}

/**
 * Ends the sign-in of a person with what the server sent them back with, and begins their session. Each
 * sign-in ends once; a second call with the same URL is refused.
 *
 * @param callback The URL that the server led back to, as a whole or as a server sees it
 *   (`request.url`), or its parameters.
 * @returns The token endpoint's answer.
 * @throws {LatchkeyError} `ERR_SIGN_IN_NOT_STARTED` for an answer to another sign-in, or to none;
 *   `ERR_SIGN_IN_REFUSED` when the user or the server said no (its `body` has the server's `error`);
 *   `ERR_UNEXPECTED_ANSWER`, `ERR_SERVER_UNAVAILABLE`, `ERR_OAUTH_CONFIGURATION`; and
 *   `ERR_SESSION_CHANGED` when a sign-out or a later sign-in overtook it. The session in use then stays.
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
  let answered: SignInAnswer | undefined
  await manager.setTokens(() =>
    exchangeCode(context, parameters, pending, (answer) => void (answered = answer)),
  )
  return answered as unknown as SignInAnswer
}

const notStarted = () =>
  new LatchkeyError(
    'ERR_SIGN_IN_NOT_STARTED',
    'This is not the answer to a sign-in that began here, or that sign-in has already ended. Start the sign-in again; a server has to give the `pending` that startSignIn() returned for this user.',
  )

/** @param onAnswer Told the token endpoint's success. */
async function exchangeCode(
  context: SignInContext,
  parameters: URLSearchParams,
  { state, codeVerifier, nonce, redirectUri }: PendingSignIn,
  onAnswer: (answer: SignInAnswer) => void,
) {
  const exchange = { fetch: context.fetch }
  const server = await context.locate(exchange)
  const code = readCallback(server, context.client, parameters, state)
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
