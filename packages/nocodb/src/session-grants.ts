import { type Grant, GrantRejectedError, type TokenSet } from '@latchkey/core'
import { isForeignAnswer, readObject, redactAll, type SignInAnswer } from '@latchkey/core/service'
import { canSendCookies, readRefreshCookie, refreshCookieInit } from './refresh-cookie.ts'
import { notNocoDB, paths, postJson, readErrorBody, type Server, unavailable } from './wire.ts'

/** Email and password of a user. */
export interface Credentials {
  /** The user's e-mail address. */
  email: string
  /** The user's password. */
  password: string
}

/** The fetch and signal for one exchange with the server. */
export interface Exchange {
  fetch: typeof fetch
  signal?: AbortSignal
}

/**
 * Exchanges the refresh token for an access token and a new refresh token; the old one stops working at once.
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

/** Sends one refresh. @throws `GrantRejectedError` with `ERR_REFRESH_TOKEN_REJECTED`. */
export async function exchange(
  server: Server,
  refreshToken: string,
  { fetch, signal }: Exchange,
): Promise<TokenSet> {
  const init = { ...refreshCookieInit(refreshToken), ...(signal && { signal }) }
  const response = await postJson(fetch, server.url + paths.refresh, undefined, init)
  const entered = await read(
    server,
    response,
    'refresh the session',
    [refreshToken],
    (said, about) => refreshRejected(`NocoDB rejected the refresh token (${said}).`, about),
  )
  return entered.tokens
}

/** Details of the answer that rejects. */
interface About {
  status?: number
  body?: unknown
}

function refreshRejected(message: string, about: About = {}): GrantRejectedError {
  return new GrantRejectedError(message, { code: 'ERR_REFRESH_TOKEN_REJECTED', ...about })
}

/** Signs in anew. Applies when the credentials are known; `missing` is the reason when they are not. */
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
      return known && (await signInWith(server, known, { fetch, signal })).tokens
    },
  }
}

/** Sends one sign-in. @throws `GrantRejectedError` with `ERR_WRONG_CREDENTIALS`. */
export async function signInWith(
  server: Server,
  { email, password }: Credentials,
  { fetch, signal }: Exchange,
): Promise<Entered> {
  const response = await postJson(
    fetch,
    server.url + paths.signIn,
    { email, password },
    { ...keepCookie(server), ...(signal && { signal }) },
  )
  return read(server, response, 'sign in', [password], (said, about) => {
    const message = `NocoDB rejected this email and password (${said}).`
    return new GrantRejectedError(message, { code: 'ERR_WRONG_CREDENTIALS', ...about })
  })
}

/** A new session, and the server's answer. */
export interface Entered {
  tokens: TokenSet
  answer: SignInAnswer
}

/** Returns the body of a token answer. @throws the error that `rejected` makes of a definite no. */
async function read(
  server: Server,
  response: Response,
  action: string,
  secrets: string[],
  rejected: (said: string, about: About) => GrantRejectedError,
): Promise<Entered> {
  if (response.ok) return readEntered(server, response)
  const { status } = response
  const text = await response.text()
  const isNo = [400, 401, 403].includes(status) && !isForeignAnswer(response, text)
  if (!isNo) throw unavailable(action, response)
  const about = { status, body: redactAll({ ...readObject(text) }, secrets) }
  throw rejected(readErrorBody(text, secrets).message || `${status}`, about)
}

/** The answer to a sign-in, sign-up or refresh. */
export async function readEntered(server: Server, response: Response): Promise<Entered> {
  const body = readObject(await response.text())
  const { token } = body
  if (typeof token !== 'string') throw notNocoDB(server, 'a token')
  const refresh = isOutOfReach(server) ? {} : readRefreshCookie(response.headers, canSendCookies())
  return {
    tokens: { accessToken: token, ...refresh },
    answer: { status: response.status, body: { ...body } },
  }
}

/** On NocoDB's own origin, `credentials` makes the browser keep the cookie of the sign-in. */
export function keepCookie(server: Server): RequestInit {
  return canSendCookies() || isOutOfReach(server) ? {} : { credentials: 'include' }
}

/** A page of another origin cannot use the cookie: NocoDB's CORS does not allow credentials. */
function isOutOfReach(server: Server): boolean {
  return !canSendCookies() && globalThis.location?.origin !== server.origin
}

function outOfReach(server: Server): GrantRejectedError {
  return new GrantRejectedError(
    `This page cannot refresh the session, because NocoDB at ${server.origin} is another origin. Its ` +
      'refresh token is in a cookie that its CORS answers do not let this page use. Serve the page ' +
      'from the same origin as NocoDB (for example through a reverse proxy), or pass `email` and ' +
      '`password` to sign in again, or use an API token.',
    { code: 'ERR_CROSS_ORIGIN_REFRESH' },
  )
}
