import type { TokenManagerOptions } from '@latchkey/core'
import {
  expectKnown,
  invalidOption,
  type OptionNames,
  parseAddress,
  type ServiceOptions,
  serviceOptions,
} from '@latchkey/core/service'
import { type ClientAuth, ClientSecretBasic, ClientSecretPost, None } from 'oauth4webapi'
import type { ServerPlace } from './authorization-server.ts'

/** Who the client is, where the server is, and how to get a token. */
export interface OAuthOptions extends ServiceOptions, Pick<TokenManagerOptions, 'origin'> {
  /**
   * The server's issuer identifier, such as `https://login.example.com/realms/main`. Its endpoints are
   * looked up (OpenID Connect Discovery, else RFC 8414) when they are first needed. Give this or
   * `tokenEndpoint`.
   */
  issuer?: string | undefined
  /** Where tokens are given, for a server that does not describe itself. */
  tokenEndpoint?: string | undefined
  /** Where a sign-out revokes them (RFC 7009). Default: what the issuer names, else nowhere. */
  revocationEndpoint?: string | undefined
  /** The client's id, as registered at the server. */
  clientId: string
  /**
   * Its secret, for a client that can keep one: never in a browser or an app. Alone it obtains nothing;
   * see `clientCredentials`.
   */
  clientSecret?: string | undefined
  /**
   * How the client shows who it is: `'basic'` (the header, RFC 6749 section 2.3.1), `'post'` (in the
   * form) or `'none'` (its id only). Default: `'basic'` with a `clientSecret`, else `'none'`.
   */
  clientAuthentication?: 'basic' | 'post' | 'none' | undefined
  /** Obtains tokens for the client itself when there is no session to go on with. Default: false. */
  clientCredentials?: boolean | undefined
  /** With `password`: signs this user in when there is no session to go on with. Gone in OAuth 2.1. */
  username?: string | undefined
  /** With `username`. Kept in memory only, to sign in again when the session ends. */
  password?: string | undefined
  /**
   * The scopes to ask for, separated by spaces. A refresh keeps the session's: where a server wants them then as well
   * (Azure AD B2C), give `parameters: { scope }`, which go with every token request.
   */
  scope?: string | undefined
  /** More to send with each token request, such as `audience` or `resource` (RFC 8707). */
  parameters?: Readonly<Record<string, string | readonly string[]>> | undefined
  /**
   * Whether a response says that the token it carried is no good. Default: its status is 401, and its
   * `WWW-Authenticate` does not say `insufficient_scope` (RFC 6750 section 3.1).
   */
  isTokenRejected?: NonNullable<TokenManagerOptions['isTokenRejected']>
  /**
   * The session's name inside the store. Default: made of the server, `clientId`, `username`, `scope`,
   * `parameters` and `origin`. Where users come from `setTokens()`, give one per user that shares a store.
   */
  name?: string
}

const KNOWN: OptionNames<OAuthOptions> = {
  origin: true,
  issuer: true,
  tokenEndpoint: true,
  revocationEndpoint: true,
  clientId: 'text',
  clientSecret: 'text',
  clientAuthentication: true,
  clientCredentials: 'boolean',
  username: 'text',
  password: 'text',
  scope: 'text',
  parameters: true,
  name: true,
  isTokenRejected: 'function',
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
  authentication: ClientAuth
  parameters: URLSearchParams
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
  const where = place.issuer ?? place.tokenEndpoint
  const origins = [options.origin].flat()
  const parameters = checkParameters(options.parameters ?? {})
  return {
    options,
    place,
    authentication: checkAuthentication(options),
    parameters,
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
  const endpoint = (option: 'issuer' | 'tokenEndpoint' | 'revocationEndpoint') =>
    options[option] === undefined
      ? undefined
      : parseAddress(option, options[option], { allowInsecure })
  return {
    issuer: endpoint('issuer'),
    tokenEndpoint: endpoint('tokenEndpoint'),
    revocationEndpoint: endpoint('revocationEndpoint'),
    allowInsecure,
  }
}

function checkAuthentication({ clientSecret, clientAuthentication }: OAuthOptions): ClientAuth {
  const method = clientAuthentication ?? (clientSecret === undefined ? 'none' : 'basic')
  if (method === 'none') {
    if (clientSecret === undefined) return None()
    throw invalidOption("`clientSecret` is not sent with `clientAuthentication: 'none'`.")
  }
  if (method !== 'basic' && method !== 'post') {
    throw invalidOption("`clientAuthentication` must be 'basic', 'post' or 'none'.")
  }
  if (clientSecret === undefined)
    throw invalidOption('`clientAuthentication` needs `clientSecret`.')
  return method === 'basic' ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret)
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
