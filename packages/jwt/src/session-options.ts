import type { MaybePromise, TokenManagerOptions } from '@latchkey/core'
import {
  expectKnown,
  invalidOption,
  type OptionNames,
  parseAddress,
  type ServiceOptions,
  serviceOptions,
} from '@latchkey/core/service'
import {
  type Base,
  checkSend,
  type RefreshEndpoint,
  type Settled,
  settle,
  type SignOutEndpoint,
  type TokenEndpoint,
} from './endpoint.ts'
import { checkPlaces, type TokenPlaces } from './token-place.ts'

/** The fields of a sign-in, with the names that the API uses: `{ username, password }`. */
export type Credentials = Readonly<Record<string, unknown>>

/** The endpoints of an API that sign in, refresh and sign out, and the places of its tokens. */
export interface JwtSessionOptions
  extends TokenPlaces,
    ServiceOptions,
    Pick<TokenManagerOptions, 'isTokenRejected'> {
  /** The API's address: `https://host`, or `https://host/api` under a path. */
  baseUrl: string
  /** The sign-in endpoint: its path, or an object with more details. */
  signIn: string | TokenEndpoint
  /** The refresh endpoint. Without it, a renewal signs in again. */
  refresh?: string | RefreshEndpoint
  /** The sign-out endpoint. Without it, signOut() only forgets the tokens here. */
  signOut?: string | SignOutEndpoint
  /**
   * Credentials that sign in when there is not a usable session: the fields, or a function that is called
   * each time and may return `undefined` for "not now". Absent: only `signIn(credentials)` signs in.
   */
  credentials?: Credentials | (() => MaybePromise<Credentials | undefined>)
  /** How the token is sent. Default: `bearer()`. Not together with a token in a cookie. */
  scheme?: TokenManagerOptions['scheme']
  /** The only origins that the token is sent to. Default: that of `baseUrl`. */
  origin?: TokenManagerOptions['origin']
  /**
   * The session's name inside the store. Default: made of `baseUrl`, the path of `signIn` and the user's identity in
   * `credentials`, without secrets. If several users share a store and `credentials` is a function or absent, each user
   * needs a name.
   */
  name?: string
}

const KNOWN: OptionNames<JwtSessionOptions> = {
  baseUrl: true,
  signIn: true,
  refresh: true,
  signOut: true,
  credentials: true,
  token: true,
  refreshToken: true,
  expiresIn: true,
  expiresAt: true,
  scheme: true,
  origin: true,
  name: true,
  isTokenRejected: 'function',
  ...serviceOptions,
}

/** The options for the parts of a session: checked, with defaults filled in. */
export interface TokenApi {
  origin: string
  /** Without a slash at the end. */
  baseUrl: string
  signIn: Settled<TokenEndpoint>
  refresh: Settled<RefreshEndpoint> | undefined
  signOut: Settled<SignOutEndpoint> | undefined
  places: TokenPlaces
  /** The cookie that holds the access token, if one does. */
  cookie: string | undefined
  usesCookies: boolean
  /** The field that held the refresh token in the last answer. */
  refreshField: string | undefined
  now(): number
}

interface Read {
  options: JwtSessionOptions
  api: TokenApi
  base: Base
}

/** Checks the options that core does not know. @throws {LatchkeyError} `ERR_INVALID_OPTION`, never showing a secret. */
export function readOptions(given: JwtSessionOptions): Read {
  const options = expectKnown(given, KNOWN)
  const { token, refreshToken, expiresIn, expiresAt, credentials, clock = Date } = options
  const places = omitUndefined({ token, refreshToken, expiresIn, expiresAt })
  checkPlaces(places)
  const allowInsecure = options.allowInsecure === true
  const url = parseAddress('baseUrl', options.baseUrl, { allowInsecure, isBase: true })
  const base = { url, allowInsecure }
  const cookie = cookieOf(token)
  if (cookie !== undefined && options.scheme) {
    throw invalidOption(
      '`scheme` cannot be used with a token in a cookie, because the token is sent as that cookie.',
    )
  }
  if (credentials !== undefined && typeof credentials !== 'function') checkCredentials(credentials)
  const { signIn, refresh, signOut } = options
  const settled = {
    signIn: settle('signIn', signIn, base),
    refresh: refresh === undefined ? undefined : settle('refresh', refresh, base),
    signOut: signOut === undefined ? undefined : settle('signOut', signOut, base),
  }
  checkSend('refresh.send', settled.refresh?.send)
  checkSend('signOut.send', settled.signOut?.send)
  const api: TokenApi = {
    ...settled,
    origin: base.url.origin,
    baseUrl: base.url.href.replace(/\/$/, ''),
    places,
    cookie,
    usesCookies: cookie !== undefined || cookieOf(refreshToken) !== undefined,
    refreshField: undefined,
    now: () => clock.now(),
  }
  return { options, api, base }
}

/** Returns whether both hold the same values, in any order. */
export function sameCredentials(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return Object.is(a, b)
  const [mine, theirs] = [Object.entries(a), new Map(Object.entries(b))]
  return (
    mine.length === theirs.size &&
    mine.every(([key, value]) => theirs.has(key) && sameCredentials(value, theirs.get(key)))
  )
}

export function cookieOf(place: TokenPlaces['token']): string | undefined {
  return typeof place === 'object' && 'cookie' in place ? place.cookie : undefined
}

/**
 * Refuses `undefined` fields, because they are mostly environment variables that are not set.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the field and no value.
 */
export function checkCredentials(given: unknown): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidOption(
      '`credentials` must be an object of fields, or a function that returns one.',
    )
  }
  const entries = Object.entries(given)
  if (entries.length === 0) throw invalidOption('`credentials` must have fields.')
  const missing = entries.find(([, value]) => value === undefined)?.[0]
  if (missing !== undefined) throw invalidOption(`\`credentials.${missing}\` is undefined.`)
}

const omitUndefined = (places: { [K in keyof TokenPlaces]?: TokenPlaces[K] | undefined }) =>
  Object.assign(
    Object.create(null),
    Object.fromEntries(Object.entries(places).filter(([, place]) => place !== undefined)),
  ) as TokenPlaces
