import { LatchkeyError, type MaybePromise, type ResponseView } from '@latchkey/core'
import { causesOf } from '@latchkey/core/service'
import {
  processRevocationResponse,
  type WWWAuthenticateChallenge,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi'

/**
 * A challenge from `WWW-Authenticate`, with the parameter names of the RFCs (RFC 6750, RFC 9470, RFC 9728).
 * The values come from the server, so do not trust them.
 */
export interface Challenge {
  /** In lower case: `'bearer'`, `'dpop'`. */
  readonly scheme: string
  /** Such as `'insufficient_scope'`. */
  readonly error?: string
  /** A description for people. */
  readonly error_description?: string
  /** The scopes that are needed, separated by spaces. */
  readonly scope?: string
  /** The accepted kinds of sign-in, the preferred one first, separated by spaces. */
  readonly acr_values?: string
  /** Maximum age of the sign-in, in seconds. */
  readonly max_age?: number
  /** The claims that are needed, as JSON (OpenID Connect Core section 5.5; Microsoft's continuous access evaluation). */
  readonly claims?: string
  /** URL of the resource's metadata, which names its authorization servers. */
  readonly resource_metadata?: string
}

/** An error that may have the server's `challenge`. */
export type OAuthError = LatchkeyError & {
  /** The server's challenge. Set for `ERR_STEP_UP_REQUIRED` and `ERR_INSUFFICIENT_SCOPE`. */
  readonly challenge?: Challenge
}

/**
 * Returns the challenges of a response (RFC 9110 section 11.6.1), in the server's order; an empty list if there
 * are none or they cannot be read. For a page of another origin the server has to expose the header.
 *
 * @example
 * const { headers } = await fetch('https://api.example.com/items')
 * const [challenge] = await readChallenges(headers)
 */
export async function readChallenges(headers: Headers): Promise<Challenge[]> {
  const value = headers.get('www-authenticate')
  if (value === null) return []
  // oauth4webapi parses challenges only while it processes an answer, so pass it one.
  const init = { status: 401, headers: { 'www-authenticate': value } }
  try {
    await processRevocationResponse(new Response(null, init))
  } catch (error) {
    if (error instanceof WWWAuthenticateChallengeError) return error.cause.map(toChallenge)
  }
  return []
}

/** The parameters that are text, and the maximum length of one. */
const TEXTS = ['error', 'error_description', 'scope', 'acr_values', 'resource_metadata'] as const
const MAX_LENGTH = 2_000

function toChallenge({ scheme, parameters }: WWWAuthenticateChallenge): Challenge {
  const given = parameters as Readonly<Record<string, string | undefined>>
  const texts = TEXTS.flatMap((name) => {
    const text = given[name]?.slice(0, MAX_LENGTH)
    return text ? [[name, text]] : []
  })
  const { max_age: age, claims } = given
  return {
    scheme,
    ...Object.fromEntries(texts),
    ...(age !== undefined && /^\d{1,9}$/.test(age) && { max_age: Number(age) }),
    ...(claims && { claims: decodeClaims(claims) }),
  }
}

/** Microsoft encodes the JSON in base64, because it contains quotes. */
function decodeClaims(claims: string): string {
  try {
    const decoded = atob(claims.replaceAll('-', '+').replaceAll('_', '/'))
    return decoded.startsWith('{') ? decoded : claims
  } catch {
    return claims
  }
}

/** Errors of a server that accepts the token but needs another one, with our code for each. */
const OTHER_TOKEN: ReadonlyMap<string | undefined, string> = new Map([
  ['insufficient_scope', 'ERR_INSUFFICIENT_SCOPE'],
  ['insufficient_user_authentication', 'ERR_STEP_UP_REQUIRED'],
  ['insufficient_claims', 'ERR_STEP_UP_REQUIRED'],
])

/**
 * Returns the challenge that a renewal cannot satisfy, because it asks for another scope or another sign-in.
 * Returns none if the server also rejects the token.
 */
export function otherTokenAsked(challenges: readonly Challenge[]): Challenge | undefined {
  const ours = challenges.filter(({ scheme }) => scheme === 'bearer' || scheme === 'dpop')
  if (ours.some(({ error }) => error === 'invalid_token')) return undefined
  return ours.find(({ error }) => OTHER_TOKEN.has(error))
}

/** Returns whether a server refuses the DPoP proof, so that it has not judged the token (RFC 9449 section 7.1). */
const isAboutProof = ({ error = '' }: Challenge) =>
  /^(use_dpop_nonce|invalid_dpop_proof)$/.test(error)

/** Makes the error for a response that refuses a valid token, with the request in words and as `challenge`. */
export function reasonFor(challenge: Challenge, cause?: unknown): OAuthError {
  const code = OTHER_TOKEN.get(challenge.error) ?? 'ERR_STEP_UP_REQUIRED'
  const words = code === 'ERR_INSUFFICIENT_SCOPE' ? lacking(challenge) : steppingUp(challenge)
  const error = new LatchkeyError(code, words, cause === undefined ? {} : { cause })
  // Not enumerable, because the message has it already and causes are printed with their fields.
  return Object.defineProperty(error, 'challenge', { value: Object.freeze({ ...challenge }) })
}

/** RFC 9470 section 3. */
function steppingUp({ acr_values: acr, max_age: age, claims }: Challenge): string {
  const wanted = [
    acr && `one of ${acr.slice(0, 200)}`,
    age !== undefined && `not older than ${age} s`,
    claims && 'with the claims that it names',
  ].filter(Boolean)
  const needed = wanted.length > 0 ? ` It must be ${wanted.join(', ')}.` : ''
  return `The server accepts the token, but wants a stronger or more recent sign-in for this request.${needed} A renewed token would not help. Let the user sign in again with these requirements.`
}

/** RFC 6750 section 3.1. */
function lacking({ scope }: Challenge): string {
  const needed = scope ? ` It needs the scope "${scope.slice(0, 200)}".` : ''
  return `The server accepts the token, but not for this request.${needed} A new token of the same scope would not help. Request one with a larger \`scope\`.`
}

/** Returns whether a response rejects the token. Gets the first challenge too. */
export type ChallengeJudge = (
  response: ResponseView,
  challenge: Challenge | undefined,
) => MaybePromise<boolean>

/** The same function with core's signature. */
export function judgeWithChallenge(judge: ChallengeJudge) {
  return (response: ResponseView): MaybePromise<boolean> =>
    response.headers.has('www-authenticate')
      ? readChallenges(response.headers).then(([first]) => judge(response, first))
      : judge(response, undefined)
}

/** How a manager handles challenges that a renewal cannot satisfy. */
export interface ChallengeReader {
  /** Returns whether the token was rejected: status 401, unless the server accepts the token. */
  isTokenRejected(response: ResponseView): boolean | Promise<boolean>
  /** Returns the error for a response that refuses a valid token. Follows `response` and `cause` of clients' errors. */
  explain(responseOrError: unknown): OAuthError | undefined
}

export function challengeReader(): ChallengeReader {
  const reasons = new WeakMap<object, OAuthError>()

  async function isAboutToken(response: ResponseView): Promise<boolean> {
    const challenges = await readChallenges(response.headers)
    const asked = otherTokenAsked(challenges)
    if (!asked) return response.status === 401 && !challenges.some(isAboutProof)
    reasons.set(response.original ?? response, reasonFor(asked))
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
