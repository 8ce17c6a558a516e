import type { Grant, MaybePromise, Scheme, TokenManagerOptions } from '@latchkey/core'
import {
  expectKnown,
  invalidOption,
  type OptionNames,
  parseAddress,
  type ServiceOptions,
  serviceOptions,
} from '@latchkey/core/service'
import type { ClientAuth } from 'oauth4webapi'
import { type Audience, type AudienceAt, checkAudiences } from './audiences.ts'
import { type EndpointName, endpointNames, type ServerPlace } from './authorization-server.ts'
import type { ChallengeJudge } from './challenge.ts'
import { type ClientIdentity, identifyClient } from './client-authentication.ts'
import type { OnChallenge } from './people/challenged-session.ts'
import type { OAuthGrant } from './requested-grant.ts'

/** Who the client is, where the server is, and how to get a token. */
export interface OAuthOptions extends ServiceOptions, Pick<TokenManagerOptions, 'origin'> {
  /**
   * The server's issuer identifier, such as `https://login.example.com/realms/main`. Its endpoints are
   * looked up (OpenID Connect Discovery, else RFC 8414) when they are first needed. Give this or
   * `tokenEndpoint`. Endpoints given below win over those that it names.
   */
  issuer?: string | undefined
  /** Where tokens are given, for a server that does not describe itself. */
  tokenEndpoint?: string | undefined
  /** Where a sign-out revokes them (RFC 7009). Default: what the issuer names, else nowhere. */
  revocationEndpoint?: string | undefined
  /** Where people sign in, see `startSignIn()`. Default: what the issuer names. */
  authorizationEndpoint?: string | undefined
  /** Where a sign-in with another device begins, see `signInWithDevice()`. Default: what the issuer names. */
  deviceAuthorizationEndpoint?: string | undefined
  /** Where people sign out of the server itself, see `startSignOut()`. Default: what the issuer names. */
  endSessionEndpoint?: string | undefined
  /** The client's id, as registered at the server. */
  clientId: string
  /**
   * Its secret, for a client that can keep one: never in a browser or an app. Alone it obtains nothing;
   * see `clientCredentials`. A function is asked before each token request, so that a secret may be
   * replaced while the program runs.
   */
  clientSecret?: string | (() => MaybePromise<string>) | undefined
  /**
   * How the client shows who it is: `'basic'` (the header, RFC 6749 section 2.3.1), `'post'` (in the
   * form), `'none'` (its id only), or a `ClientAuth` of oauth4webapi, such as `PrivateKeyJwt(key)`,
   * `ClientSecretJwt(secret)` or `TlsClientAuth()`. A function of your own may set
   * `client_assertion`, as for a workload identity. Default: `'basic'` with a `clientSecret`, else
   * `'none'`.
   */
  clientAuthentication?: 'basic' | 'post' | 'none' | ClientAuth | undefined
  /** Obtains tokens for the client itself when there is no session to go on with. Default: false. */
  clientCredentials?: boolean | undefined
  /**
   * More ways to obtain a token, asked after the refresh token and before the client's or the user's
   * credentials: grants of core, or `{ name, grantType, parameters }` for the token endpoint.
   */
  grants?: readonly (Grant | OAuthGrant)[] | undefined
  /** With `password`: signs this user in when there is no session to go on with. Gone in OAuth 2.1. */
  username?: string | undefined
  /** With `username`. Kept in memory only, to sign in again when the session ends. */
  password?: string | undefined
  /**
   * The scopes to ask for, separated by spaces. A refresh keeps the session's, unless there is a
   * `refreshScope`.
   */
  scope?: string | undefined
  /**
   * The scopes to ask for at a refresh: some of the session's (RFC 6749 section 6). Microsoft Entra ID
   * and Azure AD B2C need them. Default: none are sent, and the session's stay.
   */
  refreshScope?: string | undefined
  /** The APIs that the token is for, sent with each token request, a refresh included (RFC 8707). */
  resource?: string | readonly string[] | undefined
  /**
   * Several APIs with one sign-in, each with a token of its own: for each `origin` what to ask for. All are
   * renewed together, one after the other, from one refresh token.
   */
  audiences?: Readonly<Record<string, Audience>> | undefined
  /** How the token is sent. Default: `bearer()`. Give a scheme of your own for another prefix. */
  scheme?: Scheme | undefined
  /**
   * Binds the tokens to a key, which each request proves, so that a token alone is worth nothing (DPoP,
   * RFC 9449). True: a key of our own, kept in a page where no script can read it (IndexedDB, under the
   * session's name), elsewhere with the token set. Or a key pair of yours, which you keep for as long as
   * the session. Default: bearer tokens.
   */
  dpop?: true | CryptoKeyPair | undefined
  /** More to send with each token request, such as `audience`. */
  parameters?: Readonly<Record<string, string | readonly string[]>> | undefined
  /**
   * Whether a response says that the token it carried is no good. Default: its status is 401, and its
   * `WWW-Authenticate` does not ask for another scope or another sign-in. Yours decides also about those.
   *
   * @param challenge The first challenge of the response, where it has one.
   */
  isTokenRejected?: ChallengeJudge | undefined
  /**
   * Obtains a token when a server asks for another scope (`insufficient_scope`, RFC 6750) or another
   * sign-in (`insufficient_user_authentication`, RFC 9470; `insufficient_claims`, Microsoft's CAE). Default:
   * nothing is renewed or sent again, and `explain()` answers `ERR_INSUFFICIENT_SCOPE` or
   * `ERR_STEP_UP_REQUIRED`, with what is asked for as `challenge`.
   */
  onChallenge?: OnChallenge | undefined
  /**
   * The session's name inside the store. Default: made of the server, `clientId`, `username`, `scope`,
   * `resource`, `parameters` and `origin`. Where users come from `setTokens()`, give one per user that shares a store.
   */
  name?: string
}

const KNOWN: OptionNames<OAuthOptions> = {
  origin: true,
  issuer: true,
  tokenEndpoint: true,
  revocationEndpoint: true,
  authorizationEndpoint: true,
  deviceAuthorizationEndpoint: true,
  endSessionEndpoint: true,
  clientId: 'text',
  clientSecret: true,
  clientAuthentication: true,
  clientCredentials: 'boolean',
  grants: true,
  username: 'text',
  password: 'text',
  scope: 'text',
  refreshScope: 'text',
  resource: true,
  audiences: true,
  scheme: true,
  dpop: true,
  parameters: true,
  name: true,
  isTokenRejected: 'function',
  onChallenge: 'function',
  ...serviceOptions,
}

/** What the options of this package have options of their own for. */
const TAKEN = new Set([
  'grant_type',
  'client_id',
  'client_secret',
  'refresh_token',
  'username',
  'password',
])

/** The options, checked; never showing a secret. */
export interface CheckedOptions {
  options: OAuthOptions
  place: ServerPlace
  identity: ClientIdentity
  parameters: URLSearchParams
  audiences: AudienceAt[]
  credentials: { username: string; password: string } | undefined
  name: string
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and what was expected. */
export function checkOAuthOptions(given: OAuthOptions): CheckedOptions {
  const options = expectKnown(given, KNOWN)
  const { username, password, scope, clientCredentials } = options
  if (options.clientId === undefined) throw invalidOption('`clientId` must be a non-empty string.')
  if ((username === undefined) !== (password === undefined)) {
    throw invalidOption('`username` and `password` need each other.')
  }
  if (clientCredentials && username !== undefined) {
    throw invalidOption(
      '`clientCredentials` and `username` exclude each other: make a manager for each.',
    )
  }
  const credentials =
    username !== undefined && password !== undefined ? { username, password } : undefined
  const place = checkPlace(options)
  const where = place.issuer ?? place.endpoints.tokenEndpoint
  const origins = [options.origin].flat()
  const { resource, parameters: more = {} } = options
  checkGrants(options.grants)
  checkDPoP(options)
  const audiences = checkAudiences(options.audiences, origins, place.allowInsecure)
  if (options.audiences && (resource ?? options.refreshScope) !== undefined) {
    throw invalidOption('`audiences` excludes `resource` and `refreshScope`.')
  }
  const parameters = checkParameters(more)
  for (const one of checkResource(resource)) parameters.append('resource', one)
  return {
    options,
    place,
    identity: identifyClient(options),
    parameters,
    audiences,
    credentials,
    name:
      options.name ??
      sessionName(where?.href ?? '', [
        ['client_id', options.clientId],
        ['username', username],
        ['scope', scope],
        ...[...parameters].toSorted(([a], [b]) => (a < b ? -1 : 1)),
        ...origins.map((origin): [string, unknown] => ['origin', origin]),
      ]),
  }
}

function checkPlace(options: OAuthOptions): ServerPlace {
  const allowInsecure = options.allowInsecure === true
  if ((options.issuer === undefined) === (options.tokenEndpoint === undefined)) {
    throw invalidOption('Give either `issuer` or `tokenEndpoint`.')
  }
  const parse = (option: 'issuer' | EndpointName) =>
    options[option] === undefined
      ? undefined
      : parseAddress(option, options[option], { allowInsecure })
  const given = endpointNames.flatMap((name) => {
    const endpoint = parse(name)
    return endpoint ? [[name, endpoint]] : []
  })
  return { issuer: parse('issuer'), endpoints: Object.fromEntries(given), allowInsecure }
}

function checkGrants(grants: unknown = []): void {
  if (!Array.isArray(grants)) throw invalidOption('`grants` must be a list of grants.')
  for (const [at, grant] of (grants as Partial<Grant & OAuthGrant>[]).entries()) {
    const isUsable = typeof grant?.request === 'function' || isText(grant?.grantType)
    if (!isText(grant?.name) || !isUsable) {
      throw invalidOption(
        `\`grants[${at}]\` must have a \`name\`, and a \`request\` function or a \`grantType\`.`,
      )
    }
  }
}

function checkDPoP({ dpop, scheme }: OAuthOptions): void {
  if (dpop === undefined) return
  const { privateKey, publicKey } = Object(dpop) as Partial<CryptoKeyPair>
  if (dpop !== true && !(privateKey && publicKey?.extractable)) {
    throw invalidOption(
      '`dpop` must be true, or a key pair of WebCrypto whose public key can be exported.',
    )
  }
  if (scheme) throw invalidOption('`scheme` and `dpop` exclude each other.')
}

/** RFC 8707 section 2: absolute URIs without a fragment. */
function checkResource(given: unknown = []): string[] {
  return [given].flat().map((one) => {
    if (isText(one) && URL.canParse(one) && !one.includes('#')) return one
    throw invalidOption('`resource` must be an absolute URI without a fragment, or several.')
  })
}

function checkParameters(given: NonNullable<OAuthOptions['parameters']>): URLSearchParams {
  if (typeof given !== 'object' || given === null || Symbol.iterator in given) {
    throw invalidOption('`parameters` must be an object of names and values.')
  }
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(given)) {
    if (TAKEN.has(name)) throw invalidOption(`\`parameters.${name}\` has an option of its own.`)
    for (const one of [value].flat()) {
      if (!isText(one)) throw invalidOption(`\`parameters.${name}\` must be a string, or several.`)
      parameters.append(name, one)
    }
  }
  return parameters
}

/** A session's name in a store: whose it is, where, and for what; no secret. */
export function sessionName(where: string, about: readonly (readonly [string, unknown])[]): string {
  const known = about.filter((entry): entry is [string, string] => isText(entry[1]))
  return `${where}#${new URLSearchParams(known.map(([key, value]) => [key, value]))}`
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
