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

/** The client, the server, and the ways to obtain a token. */
export interface OAuthOptions extends ServiceOptions, Pick<TokenManagerOptions, 'origin'> {
  /**
   * The server's issuer identifier, such as `https://login.example.com/realms/main`. Its endpoints are
   * looked up (OpenID Connect Discovery, else RFC 8414) when they are first needed. Set this or
   * `tokenEndpoint`. Endpoints set below are used instead of discovered ones.
   */
  issuer?: string | undefined
  /** The token endpoint, for a server without discovery. */
  tokenEndpoint?: string | undefined
  /** The revocation endpoint for sign-outs (RFC 7009). Default: the issuer's; without one, tokens are not revoked. */
  revocationEndpoint?: string | undefined
  /** The page where people sign in, see `startSignIn()`. Default: the issuer's. */
  authorizationEndpoint?: string | undefined
  /** The endpoint that begins a sign-in with another device, see `signInWithDevice()`. Default: the issuer's. */
  deviceAuthorizationEndpoint?: string | undefined
  /** The page where people sign out of the server itself, see `startSignOut()`. Default: the issuer's. */
  endSessionEndpoint?: string | undefined
  /** The client's id, as registered at the server. */
  clientId: string
  /**
   * The client's secret. Never use one in a browser or an app, which cannot keep it. The secret alone does not
   * obtain tokens; see `clientCredentials`. A function is called before each token request, so that the secret
   * may change while the program runs.
   */
  clientSecret?: string | (() => MaybePromise<string>) | undefined
  /**
   * How the client authenticates: `'basic'` (the header, RFC 6749 section 2.3.1), `'post'` (in the
   * form), `'none'` (its id only), or a `ClientAuth` of oauth4webapi, such as `PrivateKeyJwt(key)`,
   * `ClientSecretJwt(secret)` or `TlsClientAuth()`. A function of your own may set
   * `client_assertion`, as for a workload identity. Default: `'basic'` with a `clientSecret`, else
   * `'none'`.
   */
  clientAuthentication?: 'basic' | 'post' | 'none' | ClientAuth | undefined
  /** Obtains tokens for the client itself when there is not a usable session. Default: false. */
  clientCredentials?: boolean | undefined
  /**
   * More grants, tried after the refresh token and before the client's or the user's credentials: grants of
   * core, or `{ name, grantType, parameters }` for the token endpoint.
   */
  grants?: readonly (Grant | OAuthGrant)[] | undefined
  /** With `password`: signs this user in when there is not a usable session. Removed in OAuth 2.1. */
  username?: string | undefined
  /** With `username`. Kept in memory only, to sign in again when the session ends. */
  password?: string | undefined
  /**
   * The scopes to request, separated by spaces. A refresh keeps the session's scopes, unless `refreshScope` is
   * set.
   */
  scope?: string | undefined
  /**
   * The scopes to request at a refresh, among those of the session (RFC 6749 section 6). Microsoft Entra ID
   * and Azure AD B2C need them. Default: none are sent, so that the session's scopes stay.
   */
  refreshScope?: string | undefined
  /** The APIs that the token is for, sent with each token request, a refresh included (RFC 8707). */
  resource?: string | readonly string[] | undefined
  /**
   * Several APIs with one sign-in, each with its own token: the resource or scope for each `origin`. All are
   * renewed together, one after the other, with one refresh token.
   */
  audiences?: Readonly<Record<string, Audience>> | undefined
  /** How the token is sent. Default: `bearer()`. For another prefix, pass your own scheme. */
  scheme?: Scheme | undefined
  /**
   * Binds the tokens to a key that each request proves, so that a stolen token alone is useless (DPoP, RFC 9449).
   * `true` makes a key. In a page it is kept in IndexedDB under the session's name, where no script can read it;
   * elsewhere with the token set. Or pass your own key pair, and keep it as long as the session. Default: bearer
   * tokens.
   */
  dpop?: true | CryptoKeyPair | undefined
  /** More parameters of each token request, such as `audience`. */
  parameters?: Readonly<Record<string, string | readonly string[]>> | undefined
  /**
   * Returns whether a response rejects the token of its request. Default: the status is 401, and
   * `WWW-Authenticate` does not ask for another scope or another sign-in. Your function decides about those too.
   *
   * @param challenge The first challenge of the response, if it has one.
   */
  isTokenRejected?: ChallengeJudge | undefined
  /**
   * Obtains a token when a server asks for another scope (`insufficient_scope`, RFC 6750) or another
   * sign-in (`insufficient_user_authentication`, RFC 9470; `insufficient_claims`, Microsoft's CAE). Default:
   * nothing is renewed or sent again, and `explain()` returns `ERR_INSUFFICIENT_SCOPE` or
   * `ERR_STEP_UP_REQUIRED` with the server's `challenge`.
   */
  onChallenge?: OnChallenge | undefined
  /**
   * The session's name inside the store. Default: made of the server, `clientId`, `username`, `scope`,
   * `resource`, `parameters` and `origin`. If users sign in by `setTokens()` and share a store, each user needs a name.
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

/** Parameters that have their own option. */
const TAKEN = new Set([
  'grant_type',
  'client_id',
  'client_secret',
  'refresh_token',
  'username',
  'password',
])

/** The options after the checks. Its errors never show a secret. */
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
    throw invalidOption('`username` and `password` must be given together.')
  }
  if (clientCredentials && username !== undefined) {
    throw invalidOption(
      '`clientCredentials` and `username` cannot be used together. Make a manager for each.',
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
    throw invalidOption('`audiences` cannot be used with `resource` or `refreshScope`.')
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
    throw invalidOption('Set either `issuer` or `tokenEndpoint`.')
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
  if (scheme) throw invalidOption('`scheme` and `dpop` cannot be used together.')
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
    if (TAKEN.has(name)) throw invalidOption(`\`parameters.${name}\` has its own option. Use that.`)
    for (const one of [value].flat()) {
      if (!isText(one)) throw invalidOption(`\`parameters.${name}\` must be a string, or several.`)
      parameters.append(name, one)
    }
  }
  return parameters
}

/** Returns the session's name in a store, made of server, client, user and purpose, without secrets. */
export function sessionName(where: string, about: readonly (readonly [string, unknown])[]): string {
  const known = about.filter((entry): entry is [string, string] => isText(entry[1]))
  return `${where}#${new URLSearchParams(known.map(([key, value]) => [key, value]))}`
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
