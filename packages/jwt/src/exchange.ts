import {
  GrantDeferredError,
  GrantRejectedError,
  LatchkeyError,
  type TokenSet,
} from '@latchkey/core'
import { redactAll, unavailable as serverUnavailable } from '@latchkey/core/service'
import { merged, parseBody, secretsIn } from './answer.ts'
import { withCookieJar } from './cookies.ts'
import { type Endpoint, headersOf, type Settled, type TokenEndpoint } from './endpoint.ts'
import type { TokenApi } from './session-options.ts'
import { type Answer, readTokens } from './token-place.ts'
import { type Presented, verdictOf } from './verdict.ts'
import { messageOf } from './words.ts'

/** How long a request that would only fail again is not sent again, in milliseconds. */
const MISTAKE_WAIT_MS = 10_000

/** One request of our own, beyond what its endpoint says. */
export interface Sending {
  /** As core's ownFetch() gives it. */
  fetch: typeof fetch
  signal?: AbortSignal
  headers?: Record<string, string>
  fields?: Readonly<Record<string, unknown>> | undefined
  /** What is sent and may not show up in an error. */
  secrets: readonly string[]
  /** What the endpoint's own `headers` are for this request. */
  own?: Headers
}

/** What a definite no is called. */
interface Refused {
  code: string
  /** "The API refused …" */
  what: string
  presented: Presented
}

/** What came of an exchange. */
export interface Exchanged {
  answer: Answer
  /** Absent: a success that holds no token, such as the first step of a sign-in that takes two. */
  tokens: TokenSet | undefined
}

/**
 * Sends what buys a token set.
 *
 * @throws `GrantRejectedError` with `refused.code` for a definite no; `GrantDeferredError`; `ERR_SERVER_UNAVAILABLE` and
 *   `ERR_REDIRECT_REFUSED` for what may pass or be mended. Both know the answer's `status` and `body`.
 */
export async function exchange(
  api: TokenApi,
  endpoint: Settled<TokenEndpoint>,
  sending: Sending,
  refused: Refused,
): Promise<Exchanged> {
  const own = await headersOf(endpoint)
  const answer = await ask(api, endpoint, { ...sending, own })
  const { response, body } = answer
  const verdict = verdictOf(endpoint, answer, refused.presented)
  const isNo = verdict === 'no' && typeof endpoint.rejected === 'function'
  if (response.ok && verdict !== 'deferred' && !isNo) {
    const tokens = readTokens(api.places, answer, api.now(), api.refresh !== undefined)
    if (tokens || !hasErrors(body)) return { answer, tokens }
  }
  const sent = [endpoint.fields, Object.fromEntries(own)].flatMap((one) => secretsIn(one))
  const secrets = [...sending.secrets, ...sent]
  const words = messageOf(body, secrets)
  const about = { status: response.status, body: redactAll(body, secrets) }
  if (verdict === 'no') {
    const message = `The API refused ${refused.what} (${words || response.status}).`
    throw new GrantRejectedError(message, { code: refused.code, ...about })
  }
  if (verdict === 'deferred') {
    const message = `The API wants the user to do something first (${words || response.status}). The session is kept.`
    throw new GrantDeferredError(message, about)
  }
  throw unavailable(endpoint, response, {
    words,
    body: about.body,
    isMistake: verdict === 'mistake',
  })
}

/** The success that is none: GraphQL tells its errors with 200. */
const hasErrors = (body: unknown) =>
  typeof body === 'object' &&
  body !== null &&
  ['errors', 'error'].some(
    (name) => Object.hasOwn(body, name) && Boolean((body as Record<string, unknown>)[name]),
  )

/** A success without a token, where there has to be one. A page may be anybody's, and soon gone. */
export const noToken = (endpoint: Settled<Endpoint>, { response, body }: Answer): LatchkeyError =>
  new LatchkeyError(
    'ERR_UNEXPECTED_ANSWER',
    `${nameOf(endpoint)} answered ${response.status} without a token where \`token\` says it is.`,
    // Tells core that a refresh token may be spent, and is not to be presented again at once.
    {
      cause: new LatchkeyError('ERR_UNUSABLE_TOKEN', 'The answer holds no token.'),
      retryAfterMs: typeof body === 'object' ? MISTAKE_WAIT_MS : undefined,
    },
  )

/** Sends one request of ours and reads the answer. */
export async function ask(
  api: TokenApi,
  endpoint: Settled<Endpoint>,
  { fetch, signal, own, ...sending }: Sending,
): Promise<Answer> {
  const { method = 'POST' } = endpoint
  const headers = new Headers(own ?? (await headersOf(endpoint)))
  if (!headers.has('accept')) headers.set('accept', 'application/json')
  for (const [name, value] of Object.entries(sending.headers ?? {})) headers.set(name, value)
  const fields = merged(endpoint.fields ?? {}, sending.fields ?? {})
  const url = new URL(endpoint.url)
  if (method === 'GET')
    for (const [name, value] of pairsOf(fields)) url.searchParams.set(name, value)
  const body = method === 'GET' ? undefined : encode(endpoint, fields, headers)
  const response = await fetch(url.href, {
    method,
    headers,
    ...(signal && { signal }),
    ...(body !== undefined && { body }),
    ...(api.usesCookies && withCookieJar()),
  })
  const text = await response.text()
  return { response, text, body: parseBody(text) }
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
  return new URLSearchParams(pairsOf(fields)).toString()
}

/** As a form has them. */
const pairsOf = (fields: Record<string, unknown>): [string, string][] =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])

/** What is known of an answer that decides nothing. */
interface Undecided {
  words?: string
  body?: unknown
  /** Whether it would be the same again. */
  isMistake?: boolean
}

/** An error that may pass, with what the server said about it and about waiting. */
export function unavailable(
  endpoint: Settled<Endpoint>,
  response: Response,
  { words = '', body, isMistake = false }: Undecided = {},
): LatchkeyError {
  const { status } = response
  const said = words === '' ? '' : ` (${words})`
  const hint = (status === 404 || status === 405) && said === '' ? ': is its path right?' : '.'
  const passing = serverUnavailable(
    `${nameOf(endpoint)} answered ${status}${said}${hint}`,
    response,
  )
  const { code, message, retryAfterMs = isMistake ? MISTAKE_WAIT_MS : undefined } = passing
  return new LatchkeyError(code, message, { status, body, retryAfterMs })
}

/** Without the query, which may hold anything. */
const nameOf = ({ url }: { url: URL }) => url.origin + url.pathname
