import { LatchkeyError } from '@latchkey/core'
import {
  parseAddress,
  readObject,
  redact,
  unavailable as serverUnavailable,
} from '@latchkey/core/service'

/** Where a NocoDB server lives. `url` ends with a slash, sub-path included. */
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

/** Where the servers from 0.2xx to today agree: only `/api/v1/auth` exists on all of them. */
export const paths = {
  signIn: 'api/v1/auth/user/signin',
  signUp: 'api/v1/auth/user/signup',
  signOut: 'api/v1/auth/user/signout',
  refresh: 'api/v1/auth/token/refresh',
  me: 'api/v1/auth/user/me',
  changePassword: 'api/v1/auth/password/change',
  apiTokens: 'api/v1/tokens',
} as const

/** Requests of the sign-in pages: they carry no token, and their 401 is not about one. */
export function isAuthPage(url: string | URL): boolean {
  return /\/auth\/(user\/sign(in|up)|token\/(refresh|validate)|password\/(forgot|reset))\b/.test(
    pathOf(url),
  )
}

/** The path alone: a query may hold anything. */
export function pathOf(url: string | URL): string {
  return URL.canParse(url) ? new URL(url).pathname : ''
}

/** What the server says about itself in an error body, from 0.2xx's `msg` to today's `message`. */
export interface ErrorBody {
  code: string
  message: string
}

/**
 * Reads any of the three shapes of NocoDB's error bodies; proxies' pages and garbage read as nothing.
 *
 * @param secrets What was sent, and may not show up should the server repeat it.
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

/** An error that may pass, with what the server said about waiting. */
export function unavailable(action: string, response: Response): LatchkeyError {
  const hint = response.status === 404 ? ': is `baseUrl` right, with its sub-path?' : ''
  const said = `NocoDB answered ${response.status} when asked to ${action}${hint}`
  return serverUnavailable(said, response)
}

/** A 200 that is not NocoDB's: a proxy's page, or the wrong `baseUrl`. */
export function notNocoDB({ url }: Server, expected: string): LatchkeyError {
  return new LatchkeyError(
    'ERR_UNEXPECTED_ANSWER',
    `${url} answered without ${expected}. Is this a NocoDB server?`,
  )
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
