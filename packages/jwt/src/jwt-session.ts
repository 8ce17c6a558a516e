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
   * Signs in now, as a new session; with the configured credentials when none are given. Those given here
   * are not kept. Where they are others than the configured ones, these are not used any more, lest the
   * session go on as somebody else, and the session stays in memory: the store is the configured user's. A
   * signIn() without any takes them up again.
   *
   * Resolves with the server's answer. A success without a token is a step of a sign-in that takes several (a code by
   * mail, the choice of a tenant): the session is as before, and the next step is another signIn(), to `step`. Where the
   * server keeps a step in cookies, they go along outside browsers too.
   *
   * A refused sign-in's error has the `status` and the `body` of the answer, without what was sent.
   *
   * @param step Where this step goes, like the option `signIn`. Default: there.
   * @throws {LatchkeyError} `ERR_WRONG_CREDENTIALS`, `ERR_SERVER_UNAVAILABLE`, `ERR_UNEXPECTED_ANSWER`,
   *   `ERR_REDIRECT_REFUSED`, and `ERR_SESSION_CHANGED` when a sign-out or a later sign-in overtook it; the
   *   session then stays as it is. `ERR_SIGN_IN_REQUIRED` without credentials, and
   *   `ERR_INVALID_OPTION` when one of their fields is undefined.
   */
  signIn(credentials?: Credentials, step?: string | TokenEndpoint): Promise<SignInAnswer>
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
  const { options, api, base } = readOptions(settings)
  const { credentials } = options
  const configured = () => (typeof credentials === 'function' ? credentials() : credentials)
  const user = configuredUser(configured)
  const fetch = ownFetch(options)
  const manager = createManager(options, fetch, api, user)
  const isConfigured = (given: Credentials | undefined) =>
    !credentials || !given || sameCredentials(given, credentials)
  /** A sign-in that goes on: whose it is, and what the server has set in its last step. */
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
        if (!used) throw new LatchkeyError('ERR_SIGN_IN_REQUIRED', 'signIn() needs credentials.')
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

/** Thrown to leave the session as it is: the sign-in goes on. */
const STEP = new Error('The sign-in takes another step.')

/** Whether an answer without a token where one was looked for may be a step: it is JSON, and holds none elsewhere. */
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
    // Who asks for a token has none, and a 401 there is about the credentials.
    skipAuth: (request) =>
      own.some((endpoint) => isFor(endpoint, request)) || skipAuth?.(request) === true,
  }
  return createServiceManager(managed, revocation(api, scheme, fetch), user)
}

/** Whether answers may hand tokens on: in a cookie, or a header. */
const handsOn = ({ token, refreshToken }: TokenPlaces) =>
  typeof token === 'object' || typeof refreshToken === 'object'

/** Fields that tell what is asked for where one address serves all: GraphQL, JSON-RPC, forms with an action. */
const OPERATION = /^(query|mutation|operationName|method|action|op|operation|command|jsonrpc)$/

const isToldByAddress = ({ fields = {} }: Settled<TokenEndpoint>) =>
  !Object.keys(fields).some((name) => OPERATION.test(name))

/** Whether somebody else's request is the same as one of ours, whatever it asks for beyond the path. */
function isFor(
  { url, method = 'POST' }: Settled<TokenEndpoint>,
  request: { url: URL; method: string },
): boolean {
  const { origin, pathname, searchParams } = request.url
  const isThere = url.origin === origin && url.pathname === pathname && method === request.method
  return isThere && [...url.searchParams].every(([name, value]) => searchParams.get(name) === value)
}
