import {
  isLatchkeyError,
  LatchkeyError,
  parseRetryAfter,
  parseUrl,
  untilAborted,
} from '@latchkey/core'

/** Where a NocoDB server lives. `url` ends with a slash, sub-path included. */
export interface Server {
  url: string
  origin: string
}

/**
 * @param baseUrl `https://host` or, under a sub-path, `https://host/nocodb`, with or without a slash.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`.
 */
export function parseServer(baseUrl: unknown): Server {
  const url = typeof baseUrl === 'string' ? parseUrl(baseUrl) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new LatchkeyError(
      'ERR_INVALID_OPTION',
      '`baseUrl` must be the absolute URL of a NocoDB server, such as "https://nocodb.example.com".',
    )
  }
  if (url.username || url.password) {
    throw new LatchkeyError(
      'ERR_INVALID_OPTION',
      '`baseUrl` must not hold a user name or password; give `email` and `password` instead.',
    )
  }
  return { url: url.href.replace(/\/*$/, '/'), origin: url.origin }
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
  return parseUrl(url)?.pathname ?? ''
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
  const hide = (rest: string, secret: string) =>
    secret === '' ? rest : rest.replaceAll(secret, '[redacted]')
  return {
    code: typeof error === 'string' ? error : '',
    message: secrets.reduce(hide, text).slice(0, 300),
  }
}

/** The JSON object in `text`, or an empty one. */
export function readObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

/** An error that may pass, with what the server said about waiting. */
export function unavailable(action: string, response: Response): LatchkeyError {
  return new LatchkeyError(
    'ERR_SERVER_UNAVAILABLE',
    `NocoDB answered ${response.status} when asked to ${action}${response.status === 404 ? ': is `baseUrl` right, with its sub-path?' : ''}`,
    { retryAfterMs: parseRetryAfter(response.headers.get('retry-after')) },
  )
}

/** A 200 that is not NocoDB's: a proxy's page, or the wrong `baseUrl`. */
export function notNocoDB({ url }: Server, expected: string): LatchkeyError {
  return new LatchkeyError(
    'ERR_UNEXPECTED_ANSWER',
    `${url} answered without ${expected}. Is this a NocoDB server?`,
  )
}

/**
 * `send` for our own requests: limited in time, and what `fetch` throws told in our words.
 *
 * @param limitMs How long a request may take that has no signal of its own, in milliseconds.
 */
export function inOurWords({ url }: Server, send: typeof fetch, limitMs: number): typeof fetch {
  return async (input, init) => {
    const signal = init?.signal ?? AbortSignal.timeout(limitMs)
    try {
      return await untilAborted(send(input, { ...init, signal }), signal)
    } catch (cause) {
      if (isLatchkeyError(cause)) throw cause
      const message = `NocoDB at ${url} could not be reached, or did not answer in time.`
      throw new LatchkeyError('ERR_SERVER_UNAVAILABLE', message, { cause })
    }
  }
}

/**
 * `POST`s JSON. No redirect is followed: it would take the secrets along.
 *
 * @throws {LatchkeyError} `ERR_REDIRECT_REFUSED`, and what `send` throws.
 */
export async function postJson(
  send: typeof fetch,
  url: string,
  body: Record<string, unknown> | undefined,
  init: RequestInit,
): Promise<Response> {
  const headers = new Headers(init.headers)
  if (body) headers.set('content-type', 'application/json')
  const response = await send(url, {
    method: 'POST',
    redirect: 'manual',
    cache: 'no-store',
    ...init,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  })
  const { type, status } = response
  if (type !== 'opaqueredirect' && (status < 300 || status > 399)) return response
  throw new LatchkeyError(
    'ERR_REDIRECT_REFUSED',
    `A redirect from ${url} was not followed, since it would take secrets along. Set \`baseUrl\` to where the server really is.`,
  )
}
