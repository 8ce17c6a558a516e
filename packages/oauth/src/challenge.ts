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
    if (saying('invalid_token')) return response.status === 401
    const lacking = saying('insufficient_scope')
    const stepUp = saying('insufficient_user_authentication')
    const reason = lacking
      ? insufficientScope(lacking.parameters.scope)
      : stepUp && stepUpRequired(stepUp.parameters)
    if (!reason) return response.status === 401
    reasons.set(response.original ?? response, reason)
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

/** RFC 9470 section 3. */
function stepUpRequired(asked: WWWAuthenticateChallenge['parameters']): LatchkeyError {
  const { acr_values: acr, max_age: age } = asked as { acr_values?: string; max_age?: string }
  const wanted = [
    acr && `one of ${acr.slice(0, 200)}`,
    age && `not older than ${age.slice(0, 10)} s`,
  ].filter(Boolean)
  const needed = wanted.length > 0 ? ` It has to be ${wanted.join(', ')}.` : ''
  return new LatchkeyError(
    'ERR_STEP_UP_REQUIRED',
    `The server accepts the token, but wants a stronger or more recent sign-in for this request.${needed} A renewed token would not help: let the user sign in again, asking for that.`,
  )
}

function insufficientScope(scope: string | undefined): LatchkeyError {
  const needed = scope ? ` It needs the scope "${scope.slice(0, 200)}".` : ''
  return new LatchkeyError(
    'ERR_INSUFFICIENT_SCOPE',
    `The server accepts the token, but not for this request.${needed} A new token of the same scope would not help: ask for one with more in \`scope\`.`,
  )
}
