import { LatchkeyError, type ResponseView } from '@latchkey/core'
import { causesOf } from '@latchkey/core/service'
import {
  processRevocationResponse,
  type WWWAuthenticateChallenge,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi'

/** What a resource server's challenges say about our tokens (RFC 6750 section 3). */
export interface Challenges {
  /**
   * Whether the token was rejected: status 401, unless the server says that the token is good and only
   * its scope does not suffice.
   */
  isTokenRejected(response: ResponseView): boolean | Promise<boolean>
  /** Why a response said no to a good token; follows `response` and `cause` of clients' errors. */
  explain(responseOrError: unknown): LatchkeyError | undefined
}

export function readChallenges(): Challenges {
  const reasons = new WeakMap<object, LatchkeyError>()

  async function isAboutToken(response: ResponseView): Promise<boolean> {
    const challenges = await challengesOf(response.headers)
    const bearer = challenges.filter(({ scheme }) => scheme === 'bearer')
    const saying = (error: string) => bearer.find(({ parameters }) => parameters.error === error)
    const lacking = saying('insufficient_scope')
    if (!lacking || saying('invalid_token')) return response.status === 401
    reasons.set(response.original ?? response, insufficientScope(lacking.parameters.scope))
    return false
  }

  return {
    isTokenRejected: (response) =>
      (response.status === 401 || response.status === 403) && isAboutToken(response),
    explain(responseOrError) {
      for (const one of causesOf(responseOrError)) {
        const { response } = one as { response?: object } // any value may be asked for
        const reason = reasons.get(one) ?? reasons.get(response as object)
        if (reason) return reason
      }
      return undefined
    },
  }
}

/**
 * The challenges of a response (RFC 9110 section 11.6.1); none where there are none or they cannot be
 * read. oauth4webapi has its parser behind the processing of answers, so it is given one.
 */
async function challengesOf(headers: Headers): Promise<readonly WWWAuthenticateChallenge[]> {
  const challenge = headers.get('www-authenticate')
  if (challenge === null) return []
  const init = { status: 401, headers: { 'www-authenticate': challenge } }
  try {
    await processRevocationResponse(new Response(null, init))
  } catch (error) {
    if (error instanceof WWWAuthenticateChallengeError) return error.cause
  }
  return []
}

function insufficientScope(scope: string | undefined): LatchkeyError {
  const needed = scope ? ` It needs the scope "${scope.slice(0, 200)}".` : ''
  return new LatchkeyError(
    'ERR_INSUFFICIENT_SCOPE',
    `The server accepts the token, but not for this request.${needed} A new token of the same scope would not help: ask for one with more in \`scope\`.`,
  )
}
