import {
  bearer,
  LatchkeyError,
  type MaybePromise,
  type ResponseView,
  type TokenManager,
  type TokenManagerOptions,
  type TokenSet,
} from '@latchkey/core'
import {
  extendManager,
  type ConfiguredUser,
  configuredUser,
  createServiceManager,
  isSignedIn,
  managerOptions,
  ownFetch,
  type SignInAnswer,
} from '@latchkey/core/service'
import { bearerChallenge } from './back-ends/bearer-challenge.ts'
import { allCookies, cookieScheme } from './cookies.ts'
import { type Settled, settle, type TokenEndpoint } from './endpoint.ts'
import { noToken } from './exchange.ts'
import { refreshGrant, signInGrant, signInWith } from './grants.ts'
import {
  type Credentials,
  type JwtSessionOptions,
  readOptions,
  sameCredentials,
  type TokenApi,
} from './session-options.ts'
import { sessionName } from './session-name.ts'
import { revocation } from './sign-out.ts'
import { type Answer, holdsToken, type TokenPlaces, tokensHandedOn } from './token-place.ts'

/** A token manager for one API, with its sign-in and sign-out. */
export interface JwtSession extends TokenManager {
  /**
   * Signs in now, as a new session. Without arguments it uses the configured credentials. Credentials given
   * here are not kept. If they differ from the configured ones, the session stays in memory, because the store
   * is the configured user's. The configured ones are then not used until a signIn() without arguments, so
   * that the session does not continue as another user.
   *
   * Resolves with the server's answer. A success without a token is one step of several (a code by mail, the choice of
   * a tenant). The session is then as before; send the next step with another signIn(), to `step`. If the server sets
   * cookies between the steps, they are sent along, outside browsers too.
   *
   * The error of a rejected sign-in has the `status` and the `body` of the answer, without the values that were sent.
   *
   * @param step The endpoint of this step, like the option `signIn`, which is the default.
   * @throws {LatchkeyError} `ERR_WRONG_CREDENTIALS`, `ERR_SERVER_UNAVAILABLE`, `ERR_UNEXPECTED_ANSWER`,
   *   `ERR_REDIRECT_REFUSED`, and `ERR_SESSION_CHANGED` when a sign-out or a later sign-in took effect first;
   *   the session then stays as it is. `ERR_SIGN_IN_REQUIRED` without credentials, and
   *   `ERR_INVALID_OPTION` when one of their fields is undefined.
   */
  signIn(credentials?: Credentials, step?: string | TokenEndpoint): Promise<SignInAnswer>
  /**
   * Signs out. Forgets the session here at once, then signs out at the server if `signOut` is configured.
   *
   * @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE` when the server could not be reached. The user is signed
   *   out here, but the tokens stay valid at the server until they expire.
   */
  signOut(): Promise<undefined>
  /**
   * Returns whether there is a usable token. Renews it or signs in if it has to. Does not ask the server about
   * a token that has not expired. Throws only when a renewal is unavailable.
   */
  isSignedIn(): Promise<boolean>
}

/**
 * Keeps clients signed in to an API that answers a sign-in with a token. Uses the first of these that applies:
 * the access token until it expires; the refresh token; the credentials.
 *
 * Sends no request before a token is needed. Pass the result to `registerAuth`, `authHooks` or `wrapFetch`.
 *
 * `isTokenRejected` decides which 401s are about the token. Default: all of them, unless
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
  const { options, api, base } = readOptions(settings)
  const { credentials } = options
  const configured = () => (typeof credentials === 'function' ? credentials() : credentials)
  const user = configuredUser(configured)
  const fetch = ownFetch(options)
  const manager = createManager(options, fetch, api, user)
  const isConfigured = (given: Credentials | undefined) =>
    !credentials || !given || sameCredentials(given, credentials)
  /** A sign-in between two steps: its credentials, and the cookies of the last step. */
  let begun: { isConfigured: boolean; origin: string; cookies: string } | undefined
  return extendManager<JwtSession>(manager, {
    async signIn(given, step) {
      const endpoint = step === undefined ? api.signIn : settle('signIn', step, base)
      const before = step === undefined ? undefined : begun
      begun = undefined
      const isMine = before?.isConfigured ?? isConfigured(given)
      const { origin } = endpoint.url
      let answered: Answer | undefined
      const obtain = async () => {
        const used = given ?? (await configured())
        if (!used)
          throw new LatchkeyError(
            'ERR_SIGN_IN_REQUIRED',
            'signIn() needs credentials: pass them, or configure `credentials`.',
          )
        const cookie = before?.origin === origin ? before.cookies : ''
        const asking = { fetch, ...(cookie && { headers: { cookie } }) }
        const { answer, tokens } = await signInWith(api, used, asking, endpoint)
        if (!tokens && !isStep(answer)) throw noToken(endpoint, answer)
        answered = answer
        if (tokens) return tokens
        begun = { isConfigured: isMine, origin, cookies: allCookies(answer.response.headers) }
        throw STEP
      }
      await manager
        .setTokens(obtain, () => user.entered(isMine))
        .catch((error: unknown) => {
          if (error !== STEP) throw error
        })
      const { response, body } = answered as unknown as Answer
      return { status: response.status, body }
    },
    isSignedIn: () => isSignedIn(async () => Boolean(await manager.getTokens())),
  })
}

/** Thrown between two steps, to leave the session as it is. */
const STEP = new Error('The sign-in takes another step.')

/** Returns whether an answer without a token may be a step: it is JSON, and holds no token in another place. */
const isStep = ({ body }: Answer): boolean =>
  typeof body === 'object' && body !== null && Object.keys(body).length > 0 && !holdsToken(body)

function createManager(
  options: JwtSessionOptions,
  fetch: typeof globalThis.fetch,
  api: TokenApi,
  user: ConfiguredUser<MaybePromise<Credentials | undefined>>,
) {
  const { isTokenRejected = bearerChallenge, skipAuth } = options
  const { places } = api
  const own = [api.signIn, ...(api.refresh ? [api.refresh] : [])].filter(isToldByAddress)
  const scheme = api.cookie === undefined ? (options.scheme ?? bearer()) : cookieScheme(api.cookie)
  const managed: TokenManagerOptions = {
    ...managerOptions(options),
    fetch,
    name: options.name ?? sessionName(api, options),
    origin: options.origin ?? api.origin,
    scheme,
    grants: [refreshGrant(api), signInGrant(api, user.credentials)],
    isTokenRejected,
    ...(handsOn(places) && {
      tokensFrom: ({ headers }: ResponseView, tokens: TokenSet) =>
        tokensHandedOn(places, headers, tokens, api.now()),
    }),
    // Such a request carries no token, so its 401 is about the credentials.
    skipAuth: (request) =>
      own.some((endpoint) => isFor(endpoint, request)) || skipAuth?.(request) === true,
  }
  return createServiceManager(managed, revocation(api, scheme, fetch), user)
}

/** Returns whether ordinary answers may carry new tokens: in a cookie, or a header. */
const handsOn = ({ token, refreshToken }: TokenPlaces) =>
  typeof token === 'object' || typeof refreshToken === 'object'

/** Fields that name the operation if one URL serves all of them: GraphQL, JSON-RPC, forms with an action. */
const OPERATION = /^(query|mutation|operationName|method|action|op|operation|command|jsonrpc)$/

const isToldByAddress = ({ fields = {} }: Settled<TokenEndpoint>) =>
  !Object.keys(fields).some((name) => OPERATION.test(name))

/** Returns whether a request of the caller is the same as one of our own, apart from its query. */
function isFor(
  { url, method = 'POST' }: Settled<TokenEndpoint>,
  request: { url: URL; method: string },
): boolean {
  const { origin, pathname, searchParams } = request.url
  const isThere = url.origin === origin && url.pathname === pathname && method === request.method
  return isThere && [...url.searchParams].every(([name, value]) => searchParams.get(name) === value)
}
