import type { Grant, LatchkeyError, MaybePromise, TokenSet } from '@latchkey/core'
import { nested, secretsIn } from './answer.ts'
import { cookieHeaders, isUnseen, unseenCookie } from './cookies.ts'
import type { RefreshEndpoint, RefreshTokenPlace, Settled, TokenEndpoint } from './endpoint.ts'
import { exchange, type Exchanged, noToken, type Sending } from './exchange.ts'
import { checkCredentials, cookieOf, type Credentials, type TokenApi } from './session-options.ts'
import { isIncomplete } from './verdict.ts'
import { messageOf } from './words.ts'
import { fieldOfRefreshToken, REFRESH_FIELDS } from './token-place.ts'

/** What one exchange with the server needs. */
export type Asking = Pick<Sending, 'fetch' | 'signal' | 'headers'>

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

/** The token set of an answer that has to hold one. What it calls its refresh token is remembered. */
function received(
  api: TokenApi,
  endpoint: Settled<TokenEndpoint>,
  { answer, tokens }: Exchanged,
): TokenSet {
  if (!tokens) throw noToken(endpoint, answer)
  api.refreshField = fieldOfRefreshToken(answer) ?? api.refreshField
  return tokens
}

/** Where the refresh token goes, what the last answer called it first; several, as long as the API has judged none. */
function placesOf(api: TokenApi, { send }: RefreshEndpoint): RefreshTokenPlace[] {
  const { places, refreshField } = api
  const cookie = cookieOf(places.refreshToken)
  if (send) return [send]
  if (cookie !== undefined) return [{ cookie }]
  const isUsual = places.refreshToken === undefined
  const names = isUsual
    ? [refreshField ?? REFRESH_FIELDS[0], ...REFRESH_FIELDS]
    : [REFRESH_FIELDS[0]]
  return [...new Set(names)].map((body) => ({ body }))
}

/** Whether the API may have looked for the token in a field of another name: it has judged nothing. */
const isMisplaced = (error: unknown): boolean => {
  const { name, status, body } = error as LatchkeyError
  const isForm = name !== 'GrantRejectedError' && (status === 400 || status === 422)
  return isForm && isIncomplete(body, messageOf(body, []))
}

/** A server that looks for it elsewhere says no more than "no". */
function inWords(place: RefreshTokenPlace): string {
  if (place === 'bearer') return 'as a bearer token'
  const [kind = '', name = ''] = Object.entries(place)[0] ?? []
  return `in the ${kind === 'body' ? 'field' : kind} "${name}"`
}

/** What carries a refresh token to the place where the server wants it. */
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
    missing: 'there are no `credentials` to use',
    async request({ fetch, signal }) {
      const known = await credentials()
      if (!known) return undefined
      return received(api, api.signIn, await signInWith(api, known, { fetch, signal }))
    },
  }
}

/** One sign-in, or one step of it. @throws `GrantRejectedError` with `ERR_WRONG_CREDENTIALS`. */
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
