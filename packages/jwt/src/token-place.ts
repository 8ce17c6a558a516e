import type { TokenSet } from '@latchkey/core'
import { invalidOption } from '@latchkey/core/service'
import { fieldOf, unboxed } from './answer.ts'
import { checkCookieName, type CookiePlace, readCookie, renewedCookie } from './cookies.ts'

/**
 * The place of a value in an answer:
 *
 * - a field of its body, with dots between levels: `'data.token'`;
 * - a function of its body (parsed when it is JSON, else text) and the response;
 * - a header: `{ header: 'x-token' }`. A page of another origin can read it only if the server allows it with
 *   `Access-Control-Expose-Headers`.
 */
export type Place =
  | string
  | ((body: unknown, response: Response) => unknown)
  | {
      /** The header's name. */
      header: string
    }

/** A `Place`, or a cookie that the answer sets, HttpOnly or not. */
export type TokenPlace = Place | CookiePlace

/** Places of the tokens and their lifetimes in an answer. All have defaults. */
export interface TokenPlaces {
  /**
   * Place of the access token. Default: the field `access_token`, `accessToken`, `access`, `token` or
   * `jwt`, or a body that is only a JWT. A leading `Bearer ` is removed.
   *
   * A token in a cookie is sent as that cookie. If the platform keeps cookies, as browsers do, scripts cannot
   * see its value: only a marker is stored, and the platform sends the cookie.
   */
  token?: TokenPlace
  /**
   * Place of the refresh token. Default: the field `refresh_token`, `refreshToken` or `refresh`. Read only if
   * the option `refresh` is given.
   */
  refreshToken?: TokenPlace
  /**
   * Place of the access token's lifetime, in seconds. Default: the field `expires_in` or `expiresIn`, else a JWT's `exp`.
   */
  expiresIn?: Place
  /** Place of the instant when the access token expires: a date as text, or seconds since 1970. */
  expiresAt?: Place
}

const TOKEN_FIELDS = ['access_token', 'accessToken', 'access', 'token', 'jwt']
/** Usual fields of a refresh token, in answers and in requests. */
export const REFRESH_FIELDS = ['refresh_token', 'refreshToken', 'refresh'] as const
const LIFE_FIELDS = ['expires_in', 'expiresIn']

/** A JWT has three parts; an encrypted one has five. */
const JWT = /^(?:Bearer\s+)?[\w-]+(?:\.[\w-]*){2,4}$/i

/** An answer with its body read. */
export interface Answer {
  response: Response
  /** The response itself. */
  text: string
  /** Parsed if it is JSON, else text. */
  body: unknown
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option. */
export function checkPlaces(places: TokenPlaces): void {
  for (const option of ['token', 'refreshToken', 'expiresIn', 'expiresAt'] as const) {
    const place: unknown = places[option]
    if (place === undefined || typeof place === 'function') continue
    if (typeof place === 'string' && place !== '') continue
    if (typeof place === 'object' && place !== null) {
      if ('header' in place && isHeaderName(place.header)) continue
      if ('cookie' in place && !option.startsWith('expires')) {
        checkCookieName(`${option}.cookie`, place.cookie)
        const others = 'with' in place ? [place.with].flat() : []
        for (const name of others) checkCookieName(`${option}.with`, name)
        continue
      }
    }
    throw invalidOption(
      `\`${option}\` must be a field's name, a function, { header } or, for a token, { cookie }.`,
    )
  }
}

const isHeaderName = (name: unknown) =>
  typeof name === 'string' && /^[!#$%&'*+.^`|~\w-]+$/.test(name)

/**
 * Returns the token set in an answer; `undefined` if it does not hold an access token.
 *
 * @param now When the answer was received, in epoch milliseconds.
 * @param withRefresh Whether to read a refresh token.
 */
export function readTokens(
  places: TokenPlaces,
  answer: Answer,
  now: number,
  withRefresh: boolean,
): TokenSet | undefined {
  const access = readToken(places.token, answer, now) ?? findToken(places.token, answer)
  if (access === undefined) return undefined
  const refresh = withRefresh ? readRefreshToken(places.refreshToken, answer, now) : undefined
  // A JWT's own expiry counts, because its cookie may outlive it.
  const ofCookie = JWT.test(access.value) ? undefined : access.expiresAt
  const expiresAt = readExpiry(places, answer, now) ?? ofCookie
  return {
    accessToken: access.value,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(refresh && { refreshToken: refresh.value }),
    ...(refresh?.expiresAt !== undefined && { refreshExpiresAt: refresh.expiresAt }),
  }
}

interface Found {
  value: string
  expiresAt: number | undefined
}

/** Returns the token at a configured place. */
function readToken(place: TokenPlace | undefined, answer: Answer, now: number): Found | undefined {
  if (place === undefined) return undefined
  if (typeof place === 'object' && 'cookie' in place) {
    return readCookie(answer.response.headers, place, now)
  }
  return asToken(read(place, answer))
}

/** Returns the token at a usual place, if none is configured. */
function findToken(place: TokenPlace | undefined, { body }: Answer): Found | undefined {
  if (place !== undefined) return undefined
  const whole = asToken(unboxed(body))
  return whole && JWT.test(whole.value) ? whole : firstOf(TOKEN_FIELDS, body)
}

function readRefreshToken(
  place: TokenPlace | undefined,
  answer: Answer,
  now: number,
): Found | undefined {
  return place === undefined ? firstOf(REFRESH_FIELDS, answer.body) : readToken(place, answer, now)
}

/** Returns the usual field that holds the refresh token of an answer. */
export const fieldOfRefreshToken = ({ body }: Answer): string | undefined =>
  REFRESH_FIELDS.find((field) => asToken(fieldOf(body, field)) !== undefined)

/** Returns whether `value` holds, at any depth, something that is named or looks like an access token. */
export function holdsToken(value: unknown): boolean {
  if (typeof value === 'string') return JWT.test(value) && value.length > 40
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([key, inner]) =>
      (typeof inner === 'string' && TOKEN_FIELDS.includes(key)) || holdsToken(inner),
  )
}

/**
 * Returns new tokens in an ordinary answer, if their place is a cookie or a header; `undefined` for none. Scripts cannot
 * see those in a browser's cookies.
 */
export function tokensHandedOn(
  { token, refreshToken }: TokenPlaces,
  headers: Headers,
  tokens: TokenSet,
  now: number,
): TokenSet | undefined {
  const seen = (place: TokenPlace | undefined, before?: string): Found | undefined => {
    if (typeof place !== 'object') return undefined
    if ('cookie' in place) return renewedCookie(headers, place, now, before)
    return asToken(headers.get(place.header) ?? undefined)
  }
  const access = seen(token, tokens.accessToken)
  const refresh = seen(refreshToken, tokens.refreshToken)
  if (!access && !refresh) return undefined
  const { expiresAt, ...rest } = tokens
  const until = access ? access.expiresAt : expiresAt
  return {
    ...rest,
    ...(access && { accessToken: access.value }),
    ...(until !== undefined && { expiresAt: until }),
    ...(refresh && { refreshToken: refresh.value }),
    ...(refresh?.expiresAt !== undefined && { refreshExpiresAt: refresh.expiresAt }),
  }
}

const firstOf = (fields: readonly string[], body: unknown): Found | undefined =>
  fields.map((field) => asToken(fieldOf(body, field))).find((found) => found !== undefined)

function read(place: Place, { response, body }: Answer): unknown {
  if (typeof place === 'string') return fieldOf(body, place)
  if (typeof place === 'function') return unboxed(place(body, response))
  return response.headers.get(place.header) ?? undefined
}

/** Returns the text without `Bearer `. Core judges whether it can be sent as a token. */
function asToken(value: unknown): Found | undefined {
  if (typeof value !== 'string') return undefined
  const bare = value.trim().replace(/^Bearer\s+/i, '')
  return bare === '' ? undefined : { value: bare, expiresAt: undefined }
}

/** Returns when the access token expires, if the answer has it. Core drops values that are not an instant. */
function readExpiry(places: TokenPlaces, answer: Answer, now: number): number | undefined {
  const { expiresAt, expiresIn } = places
  const usual = expiresAt === undefined ? LIFE_FIELDS : []
  for (const place of expiresIn === undefined ? usual : [expiresIn]) {
    const seconds = asNumber(read(place, answer))
    if (seconds !== undefined) return now + seconds * 1000
  }
  return expiresAt === undefined ? undefined : asInstant(read(expiresAt, answer))
}

function asNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** A number from here on is milliseconds: as seconds it would be after the year 33658. */
const MILLISECONDS_FROM = 1e12

function asInstant(value: unknown): number | undefined {
  const number = asNumber(value)
  if (number !== undefined) return number >= MILLISECONDS_FROM ? number : number * 1000
  const instant = value instanceof Date || typeof value === 'string' ? Number(new Date(value)) : NaN
  return Number.isNaN(instant) ? undefined : instant
}
