import type { Grant, LatchkeyError, MaybePromise, TokenSet } from '@latchkey/core'
import { nested, secretsIn } from './answer.ts'
import { cookieHeaders, isUnseen, unseenCookie } from './cookies.ts'
import type { RefreshEndpoint, RefreshTokenPlace, Settled, TokenEndpoint } from './endpoint.ts'
import { exchange, type Exchanged, noToken, type Sending } from './exchange.ts'
import { checkCredentials, cookieOf, type Credentials, type TokenApi } from './session-options.ts'
import { isMisread } from './verdict.ts'
import { fieldOfRefreshToken, REFRESH_FIELDS } from './token-place.ts'

/** The fetch, signal and headers for one exchange with the server. */
export type Asking = Pick<Sending, 'fetch' | 'signal' | 'headers'>

/**
 * Sends the refresh token. Applies when there is one, and an endpoint for it. Also applies without one if the
 * platform keeps the refresh cookie, because only the platform knows whether an earlier visit left one.
 */
export function refreshGrant(api: TokenApi): Grant {
  return {
    name: 'refresh token',
    missing: api.refresh ? 'no valid one' : '`refresh` is not given',
    async request({ tokens, fetch, signal }) {
      const refreshToken = tokens?.refreshToken ?? unseen(api)
      const refreshExpiresAt = tokens?.refreshExpiresAt ?? Infinity
      if (!refreshToken || refreshExpiresAt <= api.now()) return undefined
      return refresh(api, refreshToken, { fetch, signal })
    },
  }
}

const unseen = (api: TokenApi) =>
  cookieOf(api.places.refreshToken) === undefined ? undefined : unseenCookie()

/** Sends one refresh. @throws `GrantRejectedError` with `ERR_REFRESH_TOKEN_REJECTED`. */
export async function refresh(
  api: TokenApi,
  refreshToken: string,
  asking: Asking,
): Promise<TokenSet | undefined> {
  const endpoint = api.refresh
  if (!endpoint) return undefined
  let failure: unknown
  for (const place of placesOf(api, endpoint)) {
    try {
      const exchanged = await present(api, endpoint, refreshToken, place, asking)
      return received(api, endpoint, exchanged)
    } catch (error) {
      failure ??= error
      if (!isMisplaced(error)) throw error
    }
  }
  throw failure
}

function present(
  api: TokenApi,
  endpoint: Settled<RefreshEndpoint>,
  refreshToken: string,
  place: RefreshTokenPlace,
  asking: Asking,
): Promise<Exchanged> {
  const sending = { ...asking, ...presenting(place, refreshToken), secrets: [refreshToken] }
  return exchange(api, endpoint, sending, {
    code: 'ERR_REFRESH_TOKEN_REJECTED',
    what: `the refresh token, sent ${inWords(place)},`,
    presented: isUnseen(refreshToken) ? 'unseen' : 'token',
  })
}

/** Returns the token set of an answer, or throws. Remembers the field that held the refresh token. */
function received(
  api: TokenApi,
  endpoint: Settled<TokenEndpoint>,
  { answer, tokens }: Exchanged,
): TokenSet {
  if (!tokens) throw noToken(endpoint, answer)
  api.refreshField = fieldOfRefreshToken(answer) ?? api.refreshField
  return tokens
}

/** Returns the places to try for the refresh token. The name that the last answer used comes first. */
function placesOf(api: TokenApi, { send }: RefreshEndpoint): RefreshTokenPlace[] {
  const place = api.places.refreshToken
  if (send) return [send]
  if (typeof place === 'object') return ['cookie' in place ? { cookie: place.cookie } : place]
  const own = typeof place === 'string' ? place.split('.').at(-1) : api.refreshField
  const names = [own ?? REFRESH_FIELDS[0], ...REFRESH_FIELDS]
  return [...new Set(names)].map((body) => ({ body }))
}

/** Returns whether the API may expect the token in a field of another name, so that it has not judged the token. */
const isMisplaced = (error: unknown): boolean => {
  const { status = 0, body } = error as LatchkeyError
  return [400, 401, 403, 422].includes(status) && isMisread(body, status)
}

/** Names the place for the message: a server that expects the token elsewhere only answers with a rejection. */
function inWords(place: RefreshTokenPlace): string {
  if (place === 'bearer') return 'as a bearer token'
  const [kind = '', name = ''] = Object.entries(place)[0] ?? []
  return `in the ${kind === 'body' ? 'field' : kind} "${name}"`
}

/** Returns the headers or fields that carry the refresh token. */
export function presenting(
  place: RefreshTokenPlace,
  refreshToken: string,
): Pick<Sending, 'headers' | 'fields'> {
  if (place === 'bearer') return { headers: { authorization: `Bearer ${refreshToken}` } }
  if ('header' in place) return { headers: { [place.header]: refreshToken } }
  if ('cookie' in place) return { headers: cookieHeaders(place.cookie, refreshToken) }
  return { fields: nested(place.body, refreshToken) }
}

/** Signs in anew. Applies when credentials are known. */
export function signInGrant(
  api: TokenApi,
  credentials: () => MaybePromise<Credentials | undefined>,
): Grant {
  return {
    name: 'sign-in',
    missing: 'no `credentials` available',
    async request({ fetch, signal }) {
      const known = await credentials()
      if (!known) return undefined
      return received(api, api.signIn, await signInWith(api, known, { fetch, signal }))
    },
  }
}

/** Sends one sign-in, or one step of it. @throws `GrantRejectedError` with `ERR_WRONG_CREDENTIALS`. */
export async function signInWith(
  api: TokenApi,
  credentials: Credentials,
  asking: Asking,
  endpoint = api.signIn,
): Promise<Exchanged> {
  checkCredentials(credentials)
  const sending = { ...asking, fields: credentials, secrets: secretsIn(credentials) }
  const exchanged = await exchange(api, endpoint, sending, {
    code: 'ERR_WRONG_CREDENTIALS',
    what: 'to sign in with these credentials',
    presented: 'credentials',
  })
  if (exchanged.tokens) received(api, endpoint, exchanged)
  return exchanged
}
