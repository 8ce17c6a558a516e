import { LatchkeyError } from '@latchkey/core'
import {
  parseAddress,
  readObject,
  redact,
  unavailable as serverUnavailable,
} from '@latchkey/core/service'

/** The address of a NocoDB server. `url` ends with a slash, sub-path included. */
export interface Server {
  url: string
  origin: string
}

/**
 * @param baseUrl `https://host` or, under a sub-path, `https://host/nocodb`, with or without a slash.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`.
 */
export function parseServer(baseUrl: unknown, allowInsecure: boolean): Server {
  const { href, origin } = parseAddress('baseUrl', baseUrl, { allowInsecure, isBase: true })
  return { url: href, origin }
}

/** Paths that exist on all servers from 0.2xx to today. For sign-ins that is only `/api/v1/auth`. */
export const paths = {
  signIn: 'api/v1/auth/user/signin',
  signUp: 'api/v1/auth/user/signup',
  signOut: 'api/v1/auth/user/signout',
  refresh: 'api/v1/auth/token/refresh',
  me: 'api/v1/auth/user/me',
  changePassword: 'api/v1/auth/password/change',
  apiTokens: 'api/v1/tokens',
} as const

/** Sign-in requests: they carry no token, so their 401 is not about one. */
export function isAuthPage(url: string | URL): boolean {
  return /\/auth\/(user\/sign(in|up)|token\/(refresh|validate)|password\/(forgot|reset))\b/.test(
    pathOf(url),
  )
}

/** Returns the path without the query, which may hold secrets. */
export function pathOf(url: string | URL): string {
  return URL.canParse(url) ? new URL(url).pathname : ''
}

/** Code and message of an error body: `msg` in 0.2xx, `message` today. */
export interface ErrorBody {
  code: string
  message: string
}

/**
 * Reads any of the three shapes of NocoDB's error bodies; proxies' pages and garbage read as empty.
 *
 * @param secrets Values that were sent. They are removed from the message if the server repeats them.
 */
export function readErrorBody(body: string, secrets: readonly string[] = []): ErrorBody {
  const { error, message, msg } = readObject(body)
  const said = message ?? msg
  const text = typeof said === 'string' ? said : ''
  return {
    code: typeof error === 'string' ? error : '',
    message: redact(text, secrets).slice(0, 300),
  }
}

/** Makes an error that may pass, with the server's `Retry-After`. */
export function unavailable(action: string, response: Response): LatchkeyError {
  const hint = response.status === 404 ? ': is `baseUrl` right, with its sub-path?' : ''
  const said = `NocoDB answered ${response.status} when asked to ${action}${hint}`
  return serverUnavailable(said, response)
}

/** Makes the error for a 200 that is not NocoDB's: a proxy's page, or the wrong `baseUrl`. */
export function notNocoDB({ url }: Server, expected: string, status = 200): LatchkeyError {
  const message = `${url} answered without ${expected}. Is this a NocoDB server?`
  // The status shows core that the refresh token may be spent.
  return new LatchkeyError('ERR_UNEXPECTED_ANSWER', message, { status })
}

/** `POST`s JSON. */
export function postJson(
  send: typeof fetch,
  url: string,
  body: Record<string, unknown> | undefined,
  init: RequestInit,
): Promise<Response> {
  const headers = new Headers(init.headers)
  if (body) headers.set('content-type', 'application/json')
  return send(url, {
    ...init,
    method: 'POST',
    headers,
    ...(body && { body: JSON.stringify(body) }),
  })
}
