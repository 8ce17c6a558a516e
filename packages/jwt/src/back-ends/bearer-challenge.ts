import type { ResponseView } from '@latchkey/core'
import { parseChallenges } from '../challenges.ts'

/**
 * A 401, unless its `WWW-Authenticate: Bearer` names another reason than the token (RFC 6750 section 3.1):
 * `insufficient_scope` or `invalid_request`. No body is read.
 *
 * In a page of another origin the header is seen only with `Access-Control-Expose-Headers`; without it the
 * status decides.
 *
 * @param response What a request with a token was answered.
 */
export function bearerChallenge({ status, headers }: ResponseView): boolean {
  if (status !== 401) return false
  const errors = bearerErrors(headers)
  return errors.length === 0 || errors.includes('invalid_token')
}

/** The `error` of each Bearer challenge that has one: some servers send a challenge for each way in. */
function bearerErrors(headers: Headers): string[] {
  return parseChallenges(headers.get('www-authenticate'))
    .filter(({ scheme }) => scheme === 'bearer')
    .map(({ params }) => params.get('error'))
    .filter((error) => error !== undefined)
}
