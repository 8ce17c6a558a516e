import { isForeignAnswer } from '@latchkey/core/service'
import { textAt } from './answer.ts'
import type { RefreshEndpoint, TokenEndpoint } from './endpoint.ts'
import { isUnasked, isUnjudged, isUnread, JUDGED } from './server-words.ts'
import type { Answer } from './token-place.ts'
import { fieldErrorsOf, messageOf } from './words.ts'

/**
 * Meaning of an answer without a token.
 *
 * - `'no'`: the API has judged the token or credentials, and rejected them.
 * - `'mistake'`: the API did not understand the request, so it judged no token. The same request would fail again.
 * - `'deferred'`: the user has to do something first.
 * - `'later'`: it may pass.
 */
export type Verdict = 'no' | 'mistake' | 'deferred' | 'later'

/** Statuses that an API uses to judge a token or credentials. */
const JUDGING: ReadonlySet<number> = new Set([400, 401, 403, 422])

/** OAuth's codes for a client's mistake, or for "later" (RFC 6749 section 5.2): no token was judged. */
const MISTAKES = /^(invalid_client|unauthorized_client|unsupported_grant_type|invalid_scope)$/
const LATER = /^(temporarily_unavailable|server_error|slow_down)$/

/** What a no under another status is about. The words of a router or a hosting service are about something else. */
const OURS = /token|session|user|account|password|credential|login|e-?mail/i
const ROUTER = / \/|route|endpoint/i

/** What the request carried: credentials, a refresh token, or a refresh cookie that only the platform sees. */
export type Presented = 'credentials' | 'token' | 'unseen'

export function verdictOf(
  { rejected, deferred }: TokenEndpoint & Pick<RefreshEndpoint, 'deferred'>,
  { response, body, text }: Answer,
  presented: Presented,
): Verdict {
  const { status, headers } = response
  const isDeferred =
    typeof deferred === 'function'
      ? deferred({ status, headers, body })
      : deferred?.includes(status)
  if (isDeferred) return 'deferred'
  if (typeof rejected === 'function')
    return rejected({ status, headers, body }) ? 'no' : otherwise(status)
  if (isForeignAnswer(response, text)) return 'later'
  if (rejected) return rejected.includes(status) ? 'no' : otherwise(status)
  const error = textAt(body, 'error')
  if (LATER.test(error)) return 'later'
  // With 401, some OAuth servers use this code for a dead refresh token.
  if (MISTAKES.test(error) || (status === 400 && error === 'invalid_request')) return 'mistake'
  const codes = ['code', 'errors.0.extensions.code', 'error.code'].map((path) => textAt(body, path))
  // Codes are read as words: `INVALID_TOKEN`.
  const said = [messageOf(body, []), error, ...codes].join(' ').replaceAll('_', ' ')
  const isElse = presented === 'token' ? isUnjudged(said, status, hasFields(body)) : isUnasked(said)
  if (isElse) return 'mistake'
  const isOurs = response.ok || (OURS.test(said) && !ROUTER.test(said))
  return JUDGING.has(status) || (isOurs && JUDGED.test(said)) ? 'no' : 'mistake'
}

/** Verdict if the caller's `rejected` decides which answers are a no, and this is not one. */
const otherwise = (status: number): Verdict => (status >= 400 && status < 500 ? 'mistake' : 'later')

/** Returns whether the API did not find the token in a request, or could not read it. */
export const isMisread = (body: unknown, status: number): boolean =>
  isUnread(messageOf(body, []), status, hasFields(body))

const hasFields = (body: unknown) => fieldErrorsOf(body).length > 0
