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

/** What a sign-in sends, field by field, as the API names them: `{ username, password }`. */
export type Credentials = Readonly<Record<string, unknown>>

/** Where an API signs in, refreshes and signs out, and where its tokens are. */
export interface JwtSessionOptions
  extends TokenPlaces,
    ServiceOptions,
    Pick<TokenManagerOptions, 'isTokenRejected'> {
  /** Where the API lives: `https://host`, or `https://host/api` under a path. */
  baseUrl: string
  /** Where one signs in: its path, or more about it. */
  signIn: string | TokenEndpoint
  /** Where a refresh token buys a new access token. Without it, signing in again is the renewal. */
  refresh?: string | RefreshEndpoint
  /** Where the server is told of a sign-out. Without it the tokens are forgotten here, no more. */
  signOut?: string | SignOutEndpoint
  /**
   * What signs in when there is no session to go on with: the fields themselves, or a function that is
   * asked each time and may answer `undefined` for "not now". Absent: only `signIn(credentials)` does.
   */
  credentials?: Credentials | (() => MaybePromise<Credentials | undefined>)
  /** How the token is sent. Default: `bearer()`. Not together with a token in a cookie. */
  scheme?: TokenManagerOptions['scheme']
  /** The only origins that ever get the token. Default: that of `baseUrl`. */
  origin?: TokenManagerOptions['origin']
  /**
   * The session's name inside the store. Default: made of `baseUrl`, the path of `signIn` and what the `credentials` say
   * of the user, without what may be secret. Give one per user where `credentials` is a function, or absent, and several
   * users share a store.
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

/** The options as the parts of a session use them: checked once, defaults settled. */
export interface TokenApi {
  origin: string
  /** Without a slash at the end. */
  baseUrl: string
  signIn: Settled<TokenEndpoint>
  refresh: Settled<RefreshEndpoint> | undefined
  signOut: Settled<SignOutEndpoint> | undefined
  places: TokenPlaces
  /** The cookie that the access token is in, if it is. */
  cookie: string | undefined
  usesCookies: boolean
  /** The field that the last answer had the refresh token in. */
  refreshField: string | undefined
  now(): number
}

interface Read {
  options: JwtSessionOptions
  api: TokenApi
  base: Base
}

/** Checks what core does not see. @throws {LatchkeyError} `ERR_INVALID_OPTION`, never showing a secret. */
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
      '`scheme` and a token in a cookie exclude each other: it goes back as that cookie.',
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

/** Whether both hold the same, in whatever order. */
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
 * A field that is `undefined` is an environment variable that is not set, mostly.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the field and no value.
 */
export function checkCredentials(given: unknown): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidOption('`credentials` must be an object of fields, or a function that gives one.')
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
