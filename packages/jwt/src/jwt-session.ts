import {
  bearer,
  LatchkeyError,
  type MaybePromise,
  type TokenManager,
  type TokenManagerOptions,
} from '@latchkey/core'
import {
  extendManager,
  type ConfiguredUser,
  configuredUser,
  createServiceManager,
  isSignedIn,
  managerOptions,
  ownFetch,
} from '@latchkey/core/service'
import { bearerChallenge } from './back-ends/bearer-challenge.ts'
import { cookieScheme } from './cookies.ts'
import type { Settled, TokenEndpoint } from './endpoint.ts'
import { refreshGrant, signInGrant, signInWith } from './grants.ts'
import {
  type Credentials,
  type JwtSessionOptions,
  readOptions,
  type TokenApi,
} from './session-options.ts'
import { revocation } from './sign-out.ts'

/** A token manager for one API, with its sign-in and sign-out. */
export interface JwtSession extends TokenManager {
  /**
   * Signs in now, as a new session; with the configured credentials when none are given. Those given here
   * are not kept. Where they are others than the configured ones, these are not used any more, lest the
   * session go on as somebody else, and the session stays in memory: the store is the configured user's. A
   * signIn() without any takes them up again.
   *
   * @throws {LatchkeyError} `ERR_WRONG_CREDENTIALS`, `ERR_SERVER_UNAVAILABLE`, `ERR_UNEXPECTED_ANSWER`,
   *   `ERR_REDIRECT_REFUSED`, and `ERR_SESSION_CHANGED` when a sign-out or a later sign-in overtook it; the
   *   session then stays as it is. `ERR_SIGN_IN_REQUIRED` without credentials, and
   *   `ERR_INVALID_OPTION` when one of their fields is undefined.
   */
  signIn(credentials?: Credentials): Promise<void>
  /**
   * Signs out. Forgotten here at once; then the server is told, where `signOut` says how.
   *
   * @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE` when the server could not be told: signed out here,
   *   but what it issued lives on until it expires.
   */
  signOut(): Promise<undefined>
  /**
   * Whether there is a token to go on with, renewed or signed in for where that takes it. The server is
   * not asked about a token that looks good. Throws only when a renewal is unavailable.
   */
  isSignedIn(): Promise<boolean>
}

/**
 * Keeps clients signed in to an API that answers a sign-in with a token. The first of these that applies
 * wins: the access token while it lasts; the refresh token; the credentials.
 *
 * Nothing is sent before a token is needed. Hand the result to `registerAuth`, `authHooks` or `wrapFetch`.
 *
 * Which 401s are about the token is `isTokenRejected`'s to say. Default: all of them, except where
 * `WWW-Authenticate` names another reason (RFC 6750 section 3.1). `@latchkey/jwt/back-ends` has one for
 * each common back end.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and what was expected.
 *
 * @example
 * const session = jwtSession({
 *   baseUrl: 'https://api.example.com',
 *   signIn: '/auth/login',
 *   credentials: { username: 'ada', password },
 * })
 */
export function jwtSession(settings: JwtSessionOptions): JwtSession {
  const { options, api } = readOptions(settings)
  const { credentials } = options
  const configured = () => (typeof credentials === 'function' ? credentials() : credentials)
  const user = configuredUser(configured)
  const fetch = ownFetch(options)
  const manager = createManager(options, fetch, api, user)
  const isConfigured = (given: Credentials | undefined) =>
    !credentials || !given || JSON.stringify(given) === JSON.stringify(credentials)
  return extendManager<JwtSession>(manager, {
    async signIn(given) {
      const obtain = async () => {
        const used = given ?? (await configured())
        if (!used) throw new LatchkeyError('ERR_SIGN_IN_REQUIRED', 'signIn() needs credentials.')
        return signInWith(api, used, { fetch })
      }
      await manager.setTokens(obtain, () => user.entered(isConfigured(given)))
    },
    isSignedIn: () => isSignedIn(async () => Boolean(await manager.getTokens())),
  })
}

function createManager(
  options: JwtSessionOptions,
  fetch: typeof globalThis.fetch,
  api: TokenApi,
  user: ConfiguredUser<MaybePromise<Credentials | undefined>>,
) {
  const { isTokenRejected = bearerChallenge, skipAuth } = options
  const own = api.refresh ? [api.signIn, api.refresh] : [api.signIn]
  const scheme = api.cookie === undefined ? (options.scheme ?? bearer()) : cookieScheme(api.cookie)
  const managed: TokenManagerOptions = {
    ...managerOptions(options),
    fetch,
    name: options.name ?? api.baseUrl,
    origin: options.origin ?? api.origin,
    scheme,
    grants: [refreshGrant(api), signInGrant(api, user.credentials)],
    isTokenRejected,
    // Who asks for a token has none, and a 401 there is about the credentials.
    skipAuth: (request) =>
      own.some((endpoint) => isFor(endpoint, request)) || skipAuth?.(request) === true,
  }
  return createServiceManager(managed, revocation(api, scheme, fetch), user)
}

/** Whether somebody else's request is the same as one of ours, whatever it asks for beyond the path. */
function isFor(
  { url, method = 'POST' }: Settled<TokenEndpoint>,
  request: { url: URL; method: string },
): boolean {
  const { origin, pathname } = request.url
  return url.origin === origin && url.pathname === pathname && method === request.method
}
