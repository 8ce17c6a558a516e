import { isForeignAnswer } from '@latchkey/core/service'
import { textAt } from './answer.ts'
import type { RefreshEndpoint, TokenEndpoint } from './endpoint.ts'
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
const MISTAKES = new Set(['invalid_client', 'unsupported_grant_type', 'invalid_scope'])
const LATER = new Set(['temporarily_unavailable', 'server_error', 'slow_down'])

/** Words about a form that the API has not read, an incomplete form, and (JUDGED) the values in it. */
const UNREAD =
  /validation|invalid (input|type|value|request|body|payload|json|parameter|argument)|unexpected (field|property)/i
const INCOMPLETE =
  /required|missing|must (not )?be|should (not )?be|cannot be (empty|blank|null)|not provided|no .*token/i
/** Words of a server that rejects the origin of a request, so that it has not judged the values either. */
const CSRF =
  /csrf|xsrf|authenticity token|(null|invalid|missing|allowed|untrusted)[ _]*origin|origin.*(not allowed|invalid|missing|null)/i
const JUDGED =
  /invalid|expired|revoked|incorrect|wrong|denied|unauthori[sz]ed|forbidden|not valid|no longer|does not match|mismatch|unknown|not found|blacklist|malformed|bad (password|credentials)/i

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
  if (LATER.has(error)) return 'later'
  // With 401, some OAuth servers use this code for a dead refresh token.
  if (MISTAKES.has(error) || (status === 400 && error === 'invalid_request')) return 'mistake'
  const codes = ['code', 'errors.0.extensions.code', 'error.code'].map((path) => textAt(body, path))
  const said = [messageOf(body, []), error, ...codes].join(' ')
  if (CSRF.test(said)) return 'mistake'
  if (!JUDGING.has(status))
    return JUDGED.test(said) && !isAboutPath(status, said) ? 'no' : 'mistake'
  const isMistake = presented === 'token' && status !== 401 && isIncomplete(body, said)
  return isMistake ? 'mistake' : 'no'
}

/** Verdict if the caller's `rejected` decides which answers are a no, and this is not one. */
const otherwise = (status: number): Verdict => (status >= 400 && status < 500 ? 'mistake' : 'later')

/** Returns whether a router wrote the message, such as "Cannot POST /login". */
const isAboutPath = (status: number, said: string) =>
  (status === 404 || status === 405) &&
  /^((cannot|could not) |not found|no route|method|the (route|page|path|resource|endpoint|requested)|(route|page|path|resource|endpoint)\b)/i.test(
    said,
  )

/** Returns whether the form was incomplete or wrong, so that the API has not judged the token. */
export function isIncomplete(body: unknown, said: string): boolean {
  if (UNREAD.test(said)) return true
  return !JUDGED.test(said) && (INCOMPLETE.test(said) || fieldErrorsOf(body).length > 0)
}
