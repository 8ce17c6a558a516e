import { GrantRejectedError, LatchkeyError } from '@latchkey/core'
import {
  isForeignAnswer,
  readObject,
  redact,
  redactAll,
  unavailable as serverUnavailable,
} from '@latchkey/core/service'

/** Pause, in milliseconds, before repeating a request that would get the same error. */
const CONFIGURATION_WAIT_MS = 60_000

/** Error codes of RFC 6749 section 5.2, RFC 8707 and RFC 9449 that another token does not fix, with the correction. */
const CONFIGURATION = new Map([
  ['invalid_client', 'Check `clientId`, `clientSecret` and `clientAuthentication`'],
  ['unauthorized_client', 'Allow this client the grant at the server'],
  ['unsupported_grant_type', 'The server does not offer this grant: configure another one'],
  ['invalid_scope', 'Check `scope`'],
  ['invalid_target', 'Check `resource`, `audiences`, and `audience` in `parameters`'],
  ['invalid_dpop_proof', "Check this machine's clock"],
  ['invalid_request', 'Check `parameters` and `clientAuthentication`'],
])

/** Codes that mean "later" with any status. */
const PASSING = new Set(['temporarily_unavailable', 'server_error', 'slow_down', 'use_dpop_nonce'])

/** Words, in place of a code, about a request that was not read or not let through, and about a token that was judged. */
const UNHEARD = /csrf|required|missing|validation|pars|limit|quota| key/i
const JUDGED =
  /invalid (?!api|request|payload|subscr)|expired|revoked|not found|(auth|login)\w* (is )?required/i

/** The request to the server, which decides the meaning of a failure. */
export interface Asked {
  /** For messages: "exchange the refresh token". */
  action: string
  /** The code of a definite no. Absent if a no can only be about the client itself. */
  rejection?: string
  /** Possible reasons for a definite no, and the remedy. */
  hint?: string
  /** Values that were sent. They are removed from the message if the server repeats them. */
  secrets: readonly string[]
}

/**
 * Turns a server's failure into an error that makes the manager react correctly:
 *
 * - rejected: `invalid_grant`, or 400, 401 or 403 without a better code. The next grant is tried.
 * - misconfigured: only a person can correct it. The session is kept, and the request is not repeated soon.
 * - unavailable: everything else. The session is kept, and a later request tries again.
 */
export function refusal(response: Response, body: string, asked: Asked): LatchkeyError {
  const { status, headers } = response
  const { error, description } = readError(body)
  // A server without OAuth's codes may describe the error in any field.
  const isForeign = isForeignAnswer(response, body)
  const words = [error, description].filter(Boolean).join(': ') || (isForeign ? '' : body)
  const answer = redact(words, asked.secrets).slice(0, 400) || `it answered ${status}`
  const said = `The server did not ${asked.action} (${answer}).`
  const about = { status, body: redactAll(parsed(body), asked.secrets) }
  const code = effectiveCode(error, words, status, headers)
  const isElse = isForeign || (UNHEARD.test(words) && !JUDGED.test(words))
  const isJudged = response.ok || [400, 401, 403].includes(status)
  const isNo = isJudged && !PASSING.has(error) && (code !== '' || !isElse)
  if (!isNo) return unavailable(said, response)
  const advice = CONFIGURATION.get(code)
  if (advice !== undefined || asked.rejection === undefined) {
    return misconfigured(`${said} ${advice ?? 'Check `clientId` and `clientSecret`'}.`)
  }
  const message = asked.hint === undefined ? said : `${said} ${asked.hint}`
  return new GrantRejectedError(message, { code: asked.rejection, ...about })
}

/** Makes an error that may pass, with the server's `Retry-After`. */
export const unavailable = (said: string, response: Response): LatchkeyError =>
  serverUnavailable(
    response.status === 404 ? `${said} Is this the server's address?` : said,
    response,
  )

/** Returns the error code. Corrects known servers that use another code than the RFC. */
function effectiveCode(error: string, words: string, status: number, headers: Headers): string {
  // A 401 that asks for the client's credentials, from a server or a proxy that adds no code.
  if (error === '' && status === 401 && /^basic\b/i.test(headers.get('www-authenticate') ?? '')) {
    return 'invalid_client'
  }
  // Laravel Passport uses this code with 401 for a dead refresh token; for an unreadable request with 400.
  if (error === 'invalid_request' && status !== 400) return 'invalid_grant'
  // Atlassian uses this code for a dead refresh token.
  return error === 'unauthorized_client' && words.includes('token is invalid')
    ? 'invalid_grant'
    : error
}

/**
 * Makes an error that only a correction of the options, or of the server, can fix. It has a time for the next try,
 * as from a server's `Retry-After`, so that requests do not flood the server until then.
 */
export function misconfigured(message: string): LatchkeyError {
  return new LatchkeyError('ERR_OAUTH_CONFIGURATION', message, {
    retryAfterMs: CONFIGURATION_WAIT_MS,
  })
}

/** Parses JSON, or a form as some old servers write it. Returns an empty object for anything else. */
export function readAnswer(body: string): Record<string, unknown> {
  const answer = readObject(body)
  if (Object.keys(answer).length > 0 || !/^[\w.-]+=/.test(body)) return answer
  return Object.assign(answer, Object.fromEntries(new URLSearchParams(body)))
}

/** Returns the parsed JSON, or the text itself if it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Returns `error` and `error_description` (RFC 6749 section 5.2), empty for anything else. A code has no spaces. */
function readError(body: string) {
  const { error, error_description: description } = readAnswer(body)
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const said = text(error)
  const words = text(description)
  return said.includes(' ')
    ? { error: '', description: words || said }
    : { error: said, description: words }
}
