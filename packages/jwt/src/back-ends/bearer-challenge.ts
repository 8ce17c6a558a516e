import type { ResponseView } from '@latchkey/core'
import { parseChallenges } from '../challenges.ts'

/**
 * A 401, unless its `WWW-Authenticate: Bearer` names another reason than the token (RFC 6750 section 3.1):
 * `insufficient_scope` or `invalid_request`. No body is read.
 *
 * In a page of another origin the header is seen only with `Access-Control-Expose-Headers`; without it the
 * status decides.
 */
export function bearerChallenge({ status, headers }: ResponseView): boolean {
  if (status !== 401) return false
  const error = bearerError(headers)
  return error === undefined || error === 'invalid_token'
}

/** The `error` of the first Bearer challenge that has one. */
function bearerError(headers: Headers): string | undefined {
  return parseChallenges(headers.get('www-authenticate'))
    .filter(({ scheme }) => scheme === 'bearer')
    .map(({ params }) => params.get('error'))
    .find((error) => error !== undefined)
}
