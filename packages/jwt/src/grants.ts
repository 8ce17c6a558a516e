import type { Grant, MaybePromise, TokenSet } from '@latchkey/core'
import { leavesOf } from './answer.ts'
import { cookieHeaders, unseenCookie } from './cookies.ts'
import type { RefreshTokenPlace } from './endpoint.ts'
import { exchange, type Sending } from './exchange.ts'
import { checkCredentials, cookieOf, type Credentials, type TokenApi } from './session-options.ts'

/** What one exchange with the server needs. */
export type Asking = Pick<Sending, 'fetch' | 'signal'>

/**
 * Sends the refresh token. Applies when there is one, and an endpoint that takes it; and where the platform
 * keeps the cookie it is in, since nobody else knows whether an earlier visit left one there.
 */
export function refreshGrant(api: TokenApi): Grant {
  return {
    name: 'refresh token',
    missing: api.refresh ? 'there is none that still counts' : '`refresh` is not given',
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

/** One refresh. @throws `GrantRejectedError` with `ERR_REFRESH_TOKEN_REJECTED`. */
export async function refresh(
  api: TokenApi,
  refreshToken: string,
  asking: Asking,
): Promise<TokenSet | undefined> {
  if (!api.refresh) return undefined
  const place = api.refresh.send ?? placeOfRefreshToken(api)
  const sending = { ...asking, ...presenting(place, refreshToken), secrets: [refreshToken] }
  const refused = {
    code: 'ERR_REFRESH_TOKEN_REJECTED',
    what: `the refresh token, sent ${inWords(place)},`,
  }
  return exchange(api, api.refresh, sending, refused)
}

/** A server that looks for it elsewhere says no more than "no". */
function inWords(place: RefreshTokenPlace): string {
  if (place === 'bearer') return 'as a bearer token'
  const [kind = '', name = ''] = Object.entries(place)[0] ?? []
  return `in the ${kind === 'body' ? 'field' : kind} "${name}"`
}

function placeOfRefreshToken({ places }: TokenApi): RefreshTokenPlace {
  const cookie = cookieOf(places.refreshToken)
  return cookie === undefined ? { body: 'refresh_token' } : { cookie }
}

/** What carries a refresh token to the place where the server wants it. */
export function presenting(
  place: RefreshTokenPlace,
  refreshToken: string,
): Pick<Sending, 'headers' | 'fields'> {
  if (place === 'bearer') return { headers: { authorization: `Bearer ${refreshToken}` } }
  if ('header' in place) return { headers: { [place.header]: refreshToken } }
  if ('cookie' in place) return { headers: cookieHeaders(place.cookie, refreshToken) }
  return { fields: { [place.body]: refreshToken } }
}

/** Signs in anew. Applies when credentials are known. */
export function signInGrant(
  api: TokenApi,
  credentials: () => MaybePromise<Credentials | undefined>,
): Grant {
  return {
    name: 'sign-in',
    missing: 'there are no `credentials` to use',
    async request({ fetch, signal }) {
      const known = await credentials()
      return known && signInWith(api, known, { fetch, signal })
    },
  }
}

/** One sign-in. @throws `GrantRejectedError` with `ERR_WRONG_CREDENTIALS`. */
export async function signInWith(
  api: TokenApi,
  credentials: Credentials,
  asking: Asking,
): Promise<TokenSet> {
  checkCredentials(credentials)
  const sending = { ...asking, fields: credentials, secrets: leavesOf(credentials) }
  const refused = { code: 'ERR_WRONG_CREDENTIALS', what: 'to sign in with these credentials' }
  return exchange(api, api.signIn, sending, refused)
}
