import { type Grant, GrantRejectedError, type TokenSet } from '@latchkey/core'
import { readObject } from '@latchkey/core/service'
import { canSendCookies, readRefreshCookie, refreshCookieInit } from './refresh-cookie.ts'
import { notNocoDB, paths, postJson, readErrorBody, type Server, unavailable } from './wire.ts'

/** Who signs in. */
export interface Credentials {
  /** The user's e-mail address. */
  email: string
  /** The user's password. */
  password: string
}

/** What one exchange with the server needs. */
export interface Exchange {
  fetch: typeof fetch
  signal?: AbortSignal
}

/**
 * Exchanges the refresh token for an access token and a new refresh token; the old one is dead at once.
 * Every rejection is a 400 (measured, 0.262.5 to 0.301.3), never a 401.
 */
export function refreshGrant(server: Server, now: () => number): Grant {
  return {
    name: 'refresh token',
    missing: 'there is none',
    async request({ tokens, fetch, signal }) {
      const refreshToken = tokens?.refreshToken
      const refreshExpiresAt = tokens?.refreshExpiresAt ?? Infinity
      if (tokens && isOutOfReach(server)) throw outOfReach(server)
      if (!refreshToken) return undefined
      if (refreshExpiresAt <= now()) throw refreshRejected('The refresh token has expired.')
      return exchange(server, refreshToken, { fetch, signal })
    },
  }
}

/** One refresh. @throws `GrantRejectedError` with `ERR_REFRESH_TOKEN_REJECTED`. */
export async function exchange(
  server: Server,
  refreshToken: string,
  { fetch, signal }: Exchange,
): Promise<TokenSet> {
  const init = { ...refreshCookieInit(refreshToken), ...(signal && { signal }) }
  const response = await postJson(fetch, server.url + paths.refresh, undefined, init)
  return tokensIn(server, response, 'refresh the session', [], (said) =>
    refreshRejected(`NocoDB rejected the refresh token (${said}).`),
  )
}

function refreshRejected(message: string): GrantRejectedError {
  return new GrantRejectedError(message, { code: 'ERR_REFRESH_TOKEN_REJECTED' })
}

/** Signs in anew. Applies when the credentials are known; `missing` says why they are not. */
export function passwordGrant(
  server: Server,
  credentials: () => Credentials | undefined,
  missing: string,
): Grant {
  return {
    name: 'email and password',
    missing,
    async request({ fetch, signal }) {
      const known = credentials()
      return known && signInWith(server, known, { fetch, signal })
    },
  }
}

/** One sign-in. @throws `GrantRejectedError` with `ERR_WRONG_CREDENTIALS`. */
export async function signInWith(
  server: Server,
  { email, password }: Credentials,
  { fetch, signal }: Exchange,
): Promise<TokenSet> {
  const response = await postJson(
    fetch,
    server.url + paths.signIn,
    { email, password },
    { ...keepCookie(server), ...(signal && { signal }) },
  )
  return tokensIn(server, response, 'sign in', [password], (said) => {
    const message = `NocoDB refused to sign in with this email and password (${said}).`
    return new GrantRejectedError(message, { code: 'ERR_WRONG_CREDENTIALS' })
  })
}

/** The token set in an answer to what buys one. @throws its no as `rejected` tells it. */
async function tokensIn(
  server: Server,
  response: Response,
  action: string,
  secrets: string[],
  rejected: (said: string) => GrantRejectedError,
): Promise<TokenSet> {
  if (response.ok) return readTokens(server, response)
  const { status } = response
  if (![400, 401, 403].includes(status)) throw unavailable(action, response)
  throw rejected(readErrorBody(await response.text(), secrets).message || `${status}`)
}

/** The token set in the answer to a sign-in, sign-up or refresh. */
export async function readTokens(server: Server, response: Response): Promise<TokenSet> {
  const { token } = readObject(await response.text())
  if (typeof token !== 'string') throw notNocoDB(server, 'a token')
  const refresh = isOutOfReach(server) ? {} : readRefreshCookie(response.headers, canSendCookies())
  return { accessToken: token, ...refresh }
}

/** In a browser on NocoDB's own origin the sign-in has to be told to keep the cookie it gets. */
export function keepCookie(server: Server): RequestInit {
  return canSendCookies() || isOutOfReach(server) ? {} : { credentials: 'include' }
}

/** A page elsewhere: NocoDB's CORS answers no request with credentials, so its cookie is beyond us. */
function isOutOfReach(server: Server): boolean {
  return !canSendCookies() && globalThis.location?.origin !== server.origin
}

function outOfReach(server: Server): GrantRejectedError {
  return new GrantRejectedError(
    `The session cannot be refreshed from a page of another origin: NocoDB at ${server.origin} keeps its ` +
      'refresh token in a cookie that its CORS answers do not let this page use. Ways out: serve the page ' +
      'from the same origin as NocoDB (a reverse proxy does it), give `email` and `password` so that it ' +
      'signs in again, or use an API token.',
    { code: 'ERR_CROSS_ORIGIN_REFRESH' },
  )
}
