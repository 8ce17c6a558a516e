import { bearer, memoryStore, type TokenManager, type TokenManagerOptions } from '@latchkey/core'
import {
  extendManager,
  createServiceManager,
  managerOptions,
  ownFetch,
  type Revocation,
} from '@latchkey/core/service'
import { schemeOfAudiences, scopesOfAll } from './audiences.ts'
import { locateServer } from './authorization-server.ts'
import { challengeReader, judgeWithChallenge, type OAuthError } from './challenge.ts'
import { dpopBinding, type DPoPBinding, learnNonces } from './dpop/binding.ts'
import { givenKey, ownKeys } from './dpop/session-keys.ts'
import { clientCredentialsGrant, passwordGrant, refreshGrant } from './grants.ts'
import { checkOAuthOptions, type OAuthOptions } from './oauth-options.ts'
import { type SignInContext, type SignInTarget, withSignIn } from './people/sign-in-context.ts'
import { answerChallenges } from './people/challenged-session.ts'
import { requestedGrant } from './requested-grant.ts'
import { revokeTokens } from './revocation.ts'

/** A token manager for one client of an OAuth 2.0 server. */
export interface OAuth extends TokenManager, SignInTarget {
  /**
   * Signs out. Forgets the session here at once, then revokes the refresh token and the access token at the
   * server (RFC 7009), if it has an endpoint for that.
   *
   * @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE` when the server could not be reached. The user is signed
   *   out here, but the session may stay valid there.
   */
  signOut(): Promise<undefined>
  /**
   * Returns the reason for a response or a client's error, as every manager does. If the server asks for another
   * scope or another sign-in, the error has its `challenge`.
   */
  explain(responseOrError: unknown): OAuthError | undefined
}

/**
 * Keeps clients signed in with an OAuth 2.0 server. Uses the first of these that applies: the access token until
 * it expires, also from the store; the refresh token; your own `grants`; then `clientCredentials`, or `username`
 * and `password`. Without any of them, a session begins when a person signs in: `startSignIn()`,
 * `signInWithDevice()`, `signInWithBrowser()`, or `setTokens()` after your own flow.
 *
 * Sends no request before a token is needed. Pass the result to `registerAuth`, `authHooks` or
 * `wrapFetch`.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and what was expected.
 *
 * @example
 * const manager = oauth({
 *   origin: 'https://api.example.com',
 *   issuer: 'https://login.example.com',
 *   clientId: 'reports',
 *   clientSecret,
 *   clientCredentials: true,
 * })
 */
export function oauth(given: OAuthOptions): OAuth {
  const { options, place, identity, parameters, audiences, credentials, name } =
    checkOAuthOptions(given)
  const { clientId, scope, refreshScope, clock = Date, store = memoryStore() } = options
  const fetch = ownFetch(options)
  const dpop = bindingOf(options.dpop, name)
  const context: SignInContext = {
    dpop,
    audiences,
    locate: locateServer(place),
    client: { client_id: clientId },
    authentication: identity.authenticate,
    parameters,
    secrets: () => [...identity.secrets(), credentials?.password ?? ''],
    now: () => clock.now(),
    fetch,
    knowsIssuer: place.issuer !== undefined,
    scope: scopesOfAll(scope, audiences),
    stored: async () => (await store.getToken(name)) ?? undefined,
  }
  const grants = [
    refreshGrant(context, { scope: refreshScope }),
    ...(options.grants ?? []).map((grant) => requestedGrant(context, grant)),
    options.clientCredentials
      ? clientCredentialsGrant(context, scope)
      : passwordGrant(context, () => credentials, scope),
  ]
  const tell: Revocation['tell'] = (ended) => revokeTokens(context, ended, { fetch })
  const isTokenRejected = options.isTokenRejected && judgeWithChallenge(options.isTokenRejected)
  const onChallenge =
    options.onChallenge && answerChallenges(options.onChallenge, context, isTokenRejected)
  const bound = dpop && learnNonces(dpop, onChallenge)
  const { scheme = dpop?.scheme ?? bearer() } = options
  const own = { store, name, fetch, grants, isTokenRejected, onChallenge, ...bound }
  const sent = audiences.length > 1 ? schemeOfAudiences(scheme, audiences) : scheme
  const managed = { ...options, ...own, scheme: sent }
  return withSignIn(manageOAuth(managed, { tell }), context)
}

function bindingOf(dpop: OAuthOptions['dpop'], name: string): DPoPBinding | undefined {
  if (dpop === undefined) return undefined
  return dpopBinding(dpop === true ? ownKeys(name) : givenKey(dpop))
}

/** Options of `manageOAuth()`: core's, with optional `scheme`, `isTokenRejected` and `onChallenge`. */
type ManagedOptions = Omit<TokenManagerOptions, 'scheme' | 'isTokenRejected' | 'onChallenge'> & {
  [option in 'scheme' | 'isTokenRejected' | 'onChallenge']?: TokenManagerOptions[option] | undefined
}

/** Makes a manager that sends bearer tokens, unless it gets another scheme, and reads the server's challenges. */
export function manageOAuth(
  options: ManagedOptions,
  revocation: Revocation,
  user?: Parameters<typeof createServiceManager>[2],
): OAuth {
  const challenges = challengeReader()
  const { isTokenRejected = challenges.isTokenRejected, scheme = bearer(), onChallenge } = options
  const managed = {
    ...managerOptions(options),
    scheme,
    isTokenRejected,
    ...(onChallenge && { onChallenge }),
  }
  const manager = createServiceManager(managed as TokenManagerOptions, revocation, user)
  return extendManager<OAuth>(manager, {
    explain: (responseOrError) =>
      manager.explain(responseOrError) ?? challenges.explain(responseOrError),
  })
}
