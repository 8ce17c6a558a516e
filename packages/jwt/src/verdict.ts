import { isForeignAnswer } from '@latchkey/core/service'
import { textAt } from './answer.ts'
import type { RefreshEndpoint, TokenEndpoint } from './endpoint.ts'
import type { Answer } from './token-place.ts'
import { fieldErrorsOf, messageOf } from './words.ts'

/**
 * What an answer without a token means.
 *
 * - `'no'`: the API has judged what was presented, and it will not do.
 * - `'mistake'`: the request was not as the API wants it, so nothing was judged; sent again it fails again.
 * - `'deferred'`: the user has to do something first.
 * - `'later'`: it may pass.
 */
export type Verdict = 'no' | 'mistake' | 'deferred' | 'later'

/** Statuses by which an API judges what it was given. */
const JUDGING: ReadonlySet<number> = new Set([400, 401, 403, 422])

/** What OAuth calls a mistake of the client's (RFC 6749 section 5.2), or "later": no token was judged. */
const MISTAKES = new Set(['invalid_client', 'unsupported_grant_type', 'invalid_scope'])
const LATER = new Set(['temporarily_unavailable', 'server_error', 'slow_down'])

/** Words about a form that nobody has looked into, about one that is incomplete, and about what was in it. */
const UNREAD =
  /validation|invalid (input|type|value|request|body|payload|json|parameter|argument)|unexpected (field|property)/i
const INCOMPLETE =
  /required|missing|must (not )?be|should (not )?be|cannot be (empty|blank|null)|not provided|no .*token/i
/** Nor has a server looked at anything that minds where a request comes from. */
const CSRF =
  /csrf|xsrf|authenticity token|(null|invalid|missing|allowed|untrusted)[ _]*origin|origin.*(not allowed|invalid|missing|null)/i
const JUDGED =
  /invalid|expired|revoked|incorrect|wrong|denied|unauthori[sz]ed|forbidden|not valid|no longer|does not match|mismatch|unknown|not found|blacklist|malformed|bad (password|credentials)/i

/** What an endpoint was given: credentials, a refresh token, or one that only the platform's cookie jar has seen. */
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
  // With 401 some OAuth servers say so of a dead refresh token.
  if (MISTAKES.has(error) || (status === 400 && error === 'invalid_request')) return 'mistake'
  const codes = ['code', 'errors.0.extensions.code', 'error.code'].map((path) => textAt(body, path))
  const said = [messageOf(body, []), error, ...codes].join(' ')
  if (CSRF.test(said)) return 'mistake'
  if (!JUDGING.has(status))
    return JUDGED.test(said) && !isAboutPath(status, said) ? 'no' : 'mistake'
  const isMistake = presented === 'token' && status !== 401 && isIncomplete(body, said)
  return isMistake ? 'mistake' : 'no'
}

/** Where the caller has said which answers are a no. */
const otherwise = (status: number): Verdict => (status >= 400 && status < 500 ? 'mistake' : 'later')

/** A router's words, such as "Cannot POST /login". */
const isAboutPath = (status: number, said: string) =>
  (status === 404 || status === 405) &&
  /^((cannot|could not) |not found|no route|method|the (route|page|path|resource|endpoint|requested)|(route|page|path|resource|endpoint)\b)/i.test(
    said,
  )

/** Whether the form was not as the API wants it, so that it has not looked at what the token is worth. */
export function isIncomplete(body: unknown, said: string): boolean {
  if (UNREAD.test(said)) return true
  return !JUDGED.test(said) && (INCOMPLETE.test(said) || fieldErrorsOf(body).length > 0)
}
