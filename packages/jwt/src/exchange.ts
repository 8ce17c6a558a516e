import {
  GrantDeferredError,
  GrantRejectedError,
  LatchkeyError,
  type TokenSet,
} from '@latchkey/core'
import { redactAll, unavailable as serverUnavailable } from '@latchkey/core/service'
import { fieldOf, merged, parseBody, secretsIn } from './answer.ts'
import { withCookieJar } from './cookies.ts'
import { type Endpoint, headersOf, type Settled, type TokenEndpoint } from './endpoint.ts'
import type { TokenApi } from './session-options.ts'
import { type Answer, readTokens } from './token-place.ts'
import { type Presented, verdictOf } from './verdict.ts'
import { messageOf } from './words.ts'

/** Pause, in milliseconds, before repeating a request that the API would answer with the same error. */
const MISTAKE_WAIT_MS = 10_000

/** The parts of one own request that its endpoint does not define. */
export interface Sending {
  /** The fetch that core's ownFetch() returns. */
  fetch: typeof fetch
  signal?: AbortSignal
  headers?: Record<string, string>
  fields?: Readonly<Record<string, unknown>> | undefined
  /** Values that are sent and must not appear in an error. */
  secrets: readonly string[]
  /** The endpoint's own `headers` for this request. */
  own?: Headers
}

/** Code and words for a definite no. */
interface Refused {
  code: string
  /** "The API refused …" */
  what: string
  presented: Presented
}

/** Result of an exchange. */
export interface Exchanged {
  answer: Answer
  /** Absent after a success without a token, such as the first of two sign-in steps. */
  tokens: TokenSet | undefined
}

/**
 * Requests a token set.
 *
 * @throws `GrantRejectedError` with `refused.code` for a definite no; `GrantDeferredError`; `ERR_SERVER_UNAVAILABLE` and
 *   `ERR_REDIRECT_REFUSED` for failures that may pass. All have the answer's `status` and `body`.
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
    if (tokens || !(verdict === 'no' ? isFailure(body) : hasErrors(body))) return { answer, tokens }
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

/** A 200 with errors, as GraphQL reports them. */
const hasErrors = (body: unknown) =>
  ['errors', 'error'].some((name) => Boolean(fieldOf(body, name)))

/** A 200 that calls itself a failure. Only its words show whether it is a no, or asks for another step. */
const isFailure = (body: unknown) =>
  hasErrors(body) ||
  ['success', 'ok', 'status', 'code', 'statusCode'].some((name) =>
    /^(false|4\d\d|error|fail(ed|ure)?)$/i.test(String(fieldOf(body, name))),
  )

/** Makes the error for a success without a token. An HTML page may be a proxy's, so it may pass. */
export const noToken = (endpoint: Settled<Endpoint>, { response, body }: Answer): LatchkeyError =>
  new LatchkeyError(
    'ERR_UNEXPECTED_ANSWER',
    `${nameOf(endpoint)} answered ${response.status} without a token at the place that the option \`token\` names.`,
    // Shows core that the refresh token may be spent, so that it is not sent again at once.
    {
      cause: new LatchkeyError('ERR_UNUSABLE_TOKEN', 'The answer of the server contains no token.'),
      retryAfterMs: typeof body === 'object' ? MISTAKE_WAIT_MS : undefined,
    },
  )

/** Sends one own request and reads the answer. */
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

/** Returns the body and its content type; nothing without fields. */
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

/** Flattens fields as a form needs them. */
const pairsOf = (fields: Record<string, unknown>): [string, string][] =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])

/** Details of an answer that is neither a success nor a definite no. */
interface Undecided {
  words?: string
  body?: unknown
  /** Whether the same request would get the same answer. */
  isMistake?: boolean
}

/** Makes an error that may pass, with the server's message and its `Retry-After`. */
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

/** Returns the URL without the query, which may hold secrets. */
const nameOf = ({ url }: { url: URL }) => url.origin + url.pathname
