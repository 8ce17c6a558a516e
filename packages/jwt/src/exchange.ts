import { GrantRejectedError, LatchkeyError, type TokenSet } from '@latchkey/core'
import { unavailable as serverUnavailable } from '@latchkey/core/service'
import { leavesOf, messageOf, parseBody, textAt } from './answer.ts'
import { withCookieJar } from './cookies.ts'
import type { Endpoint, Settled, TokenEndpoint } from './endpoint.ts'
import { type Answer, readTokens } from './token-place.ts'
import type { TokenApi } from './session-options.ts'

/** One request of our own, beyond what its endpoint says. */
export interface Sending {
  /** As core's ownFetch() gives it. */
  fetch: typeof fetch
  signal?: AbortSignal
  headers?: Record<string, string>
  fields?: Readonly<Record<string, unknown>> | undefined
  /** What is sent and may not show up in an error. */
  secrets: readonly string[]
}

/** What a definite no is called. */
interface Refused {
  code: string
  /** "The API refused …" */
  what: string
}

/**
 * Sends what buys a token set.
 *
 * @throws `GrantRejectedError` with `refused.code` for a definite no; `ERR_SERVER_UNAVAILABLE`,
 *   `ERR_UNEXPECTED_ANSWER` and `ERR_REDIRECT_REFUSED` for what may pass or be mended.
 */
export async function exchange(
  api: TokenApi,
  endpoint: Settled<TokenEndpoint>,
  sending: Sending,
  refused: Refused,
): Promise<TokenSet> {
  const answer = await ask(api, endpoint, sending)
  const { response, body } = answer
  if (isRefused(endpoint, answer)) {
    const reason = messageOf(body, [...sending.secrets, ...ownSecrets(endpoint)]) || response.status
    throw new GrantRejectedError(`The API refused ${refused.what} (${reason}).`, {
      code: refused.code,
    })
  }
  if (!response.ok) throw unavailable(endpoint, response)
  const tokens = readTokens(api.places, answer, api.now(), api.refresh !== undefined)
  if (tokens) return tokens
  throw new LatchkeyError(
    'ERR_UNEXPECTED_ANSWER',
    `${nameOf(endpoint)} answered ${response.status} without a token where \`token\` says it is.`,
    // Tells core that a refresh token may be spent, and is not to be presented again at once.
    { cause: new LatchkeyError('ERR_UNUSABLE_TOKEN', 'The answer holds no token.') },
  )
}

/** Sends one request of ours and reads the answer. */
export async function ask(
  api: TokenApi,
  endpoint: Settled<Endpoint>,
  { fetch, signal, ...sending }: Sending,
): Promise<Answer> {
  const { method = 'POST', fields } = endpoint
  const headers = new Headers({ accept: 'application/json', ...endpoint.headers })
  for (const [name, value] of Object.entries(sending.headers ?? {})) headers.set(name, value)
  const body = encode(endpoint, { ...fields, ...sending.fields }, headers)
  const response = await fetch(endpoint.url.href, {
    method,
    headers,
    ...(signal && { signal }),
    ...(body !== undefined && { body }),
    ...(api.usesCookies && withCookieJar()),
  })
  return { response, body: parseBody(await response.text()) }
}

/** The body and its content type; none when there is nothing to say. */
function encode(
  { as = 'json' }: Endpoint,
  fields: Record<string, unknown>,
  headers: Headers,
): string | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  if (entries.length === 0) return undefined
  headers.set(
    'content-type',
    as === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
  )
  if (as === 'json') return JSON.stringify(Object.fromEntries(entries))
  return new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString()
}

/** Short ones are words, such as a `grant_type`, and would make a message unreadable. */
const SECRETS_FROM = 12

/** What an endpoint always sends along, and what may be a key of the app's. */
function ownSecrets({ fields, headers }: Endpoint): string[] {
  return [...leavesOf(fields), ...leavesOf(headers)].filter(({ length }) => length >= SECRETS_FROM)
}

/** What OAuth calls a mistake of the client's (RFC 6749 section 5.2), or "later": no token was judged. */
const NO_VERDICT = new Set([
  'invalid_client',
  'unsupported_grant_type',
  'invalid_scope',
  'temporarily_unavailable',
  'server_error',
  'slow_down',
])

function isRefused({ rejected }: TokenEndpoint, { response, body }: Answer): boolean {
  const { status, headers } = response
  if (typeof rejected === 'function') return rejected({ status, headers, body })
  if (rejected) return rejected.includes(status)
  if (![400, 401, 403, 422].includes(status)) return false
  const error = textAt(body, 'error')
  // With 401 some OAuth servers say so of a dead refresh token.
  return !NO_VERDICT.has(error) && !(status === 400 && error === 'invalid_request')
}

/** An error that may pass, with what the server said about waiting. */
export function unavailable(endpoint: Settled<Endpoint>, response: Response): LatchkeyError {
  const { status } = response
  const hint = status === 404 || status === 405 ? ': is its path right?' : '.'
  return serverUnavailable(`${nameOf(endpoint)} answered ${status}${hint}`, response)
}

/** Without the query, which may hold anything. */
const nameOf = ({ url }: { url: URL }) => url.origin + url.pathname
