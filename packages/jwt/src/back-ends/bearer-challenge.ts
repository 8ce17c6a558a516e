import type { ResponseView } from '@latchkey/core'
import { parseChallenges } from '../challenges.ts'

/**
 * Returns true for a 401, unless its `WWW-Authenticate: Bearer` names another reason than the token (RFC 6750
 * section 3.1): `insufficient_scope` or `invalid_request`. Does not read the body.
 *
 * A page of another origin sees the header only with `Access-Control-Expose-Headers`; without it the status
 * decides.
 *
 * @param response The answer to a request that carried a token.
 */
export function bearerChallenge({ status, headers }: ResponseView): boolean {
  if (status !== 401) return false
  const errors = bearerErrors(headers)
  return errors.length === 0 || errors.includes('invalid_token')
}

/** Returns the `error` of each Bearer challenge that has one. Some servers send several challenges. */
function bearerErrors(headers: Headers): string[] {
  return parseChallenges(headers.get('www-authenticate'))
    .filter(({ scheme }) => scheme === 'bearer')
    .map(({ params }) => params.get('error'))
    .filter((error) => error !== undefined)
}
