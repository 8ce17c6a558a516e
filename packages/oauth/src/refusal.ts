import { GrantRejectedError, LatchkeyError } from '@latchkey/core'
import {
  isForeignAnswer,
  readObject,
  redact,
  redactAll,
  unavailable as serverUnavailable,
} from '@latchkey/core/service'

/** How long a request that can only fail again is not sent again, in milliseconds. */
const CONFIGURATION_WAIT_MS = 60_000

/** The error codes of RFC 6749 section 5.2 and RFC 8707 that no other token can cure: what to correct. */
const CONFIGURATION = new Map([
  ['invalid_client', 'Check `clientId`, `clientSecret` and `clientAuthentication`'],
  ['unauthorized_client', 'Allow this client the grant at the server'],
  ['unsupported_grant_type', 'The server does not offer this grant: configure another one'],
  ['invalid_scope', 'Check `scope`'],
  ['invalid_target', 'Check `resource`, `audiences`, and `audience` in `parameters`'],
  ['invalid_request', 'Check `parameters` and `clientAuthentication`'],
])

/** Codes that say "later" whatever the status is. */
const PASSING = new Set(['temporarily_unavailable', 'server_error', 'slow_down'])

/** What was asked of the server, to tell what its no means. */
export interface Asked {
  /** For messages: "exchange the refresh token". */
  action: string
  /** The code of a definite no. Absent: a no can only be about the client itself. */
  rejection?: string
  /** What a definite no may come from, and what to do. */
  hint?: string
  /** What was sent, and may not show up should the server repeat it. */
  secrets: readonly string[]
}

/**
 * A server's no as the error that makes the manager do the right thing:
 *
 * - rejected: `invalid_grant`, or 400, 401 or 403 without a better word. The next grant is asked.
 * - misconfigured: what only a person can correct. The session is kept, and the server left in peace.
 * - unavailable: everything else. The session is kept, and tried again soon.
 */
export function refusal(response: Response, body: string, asked: Asked): LatchkeyError {
  const { status, headers } = response
  const { error, description } = readError(body)
  const words = [error, description].filter(Boolean).join(': ')
  const answer = redact(words, asked.secrets).slice(0, 400) || `it answered ${status}`
  const said = `The server did not ${asked.action} (${answer}).`
  const about = { status, body: redactAll(parsed(body), asked.secrets) }
  const code = effectiveCode(error, status, headers)
  const isJudged = response.ok || [400, 401, 403].includes(status)
  const isNo = isJudged && !PASSING.has(error) && (code !== '' || !isForeignAnswer(response, body))
  if (!isNo) return unavailable(said, response)
  const advice = CONFIGURATION.get(code)
  if (advice !== undefined || asked.rejection === undefined) {
    return misconfigured(`${said} ${advice ?? 'Check `clientId` and `clientSecret`'}.`)
  }
  const message = asked.hint === undefined ? said : `${said} ${asked.hint}`
  return new GrantRejectedError(message, { code: asked.rejection, ...about })
}

/** What may pass, with what the server said about waiting. */
export const unavailable = (said: string, response: Response): LatchkeyError =>
  serverUnavailable(
    response.status === 404 ? `${said} Is this where the server is?` : said,
    response,
  )

/** The error code, where servers are known to use another one than the RFC. */
function effectiveCode(error: string, status: number, headers: Headers): string {
  // A 401 that asks for the client's credentials, from a server or a proxy that says no more.
  if (error === '' && status === 401 && /^basic\b/i.test(headers.get('www-authenticate') ?? '')) {
    return 'invalid_client'
  }
  // Laravel Passport calls a dead refresh token so, with 401; a request that cannot be read is 400.
  return error === 'invalid_request' && status !== 400 ? 'invalid_grant' : error
}

/**
 * An error that only a correction of the options, or of the server, can cure. It says when to try again
 * as a server would, so that nobody storms it meanwhile.
 */
export function misconfigured(message: string): LatchkeyError {
  return new LatchkeyError('ERR_OAUTH_CONFIGURATION', message, {
    retryAfterMs: CONFIGURATION_WAIT_MS,
  })
}

/** JSON, or a form as some old servers write it; an empty object for anything else. */
export function readAnswer(body: string): Record<string, unknown> {
  const answer = readObject(body)
  if (Object.keys(answer).length > 0 || !/^[\w.-]+=/.test(body)) return answer
  return Object.assign(answer, Object.fromEntries(new URLSearchParams(body)))
}

/** JSON where it is JSON, else the text itself. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** `error` and `error_description` of RFC 6749 section 5.2; empty for anything else. */
function readError(body: string) {
  const { error, error_description: description } = readAnswer(body)
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  return { error: text(error), description: text(description) }
}
