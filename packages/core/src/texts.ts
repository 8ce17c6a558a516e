import { type GrantRejectedError, LatchkeyError, withoutSecrets, wordsOf } from './errors.ts'
import { retryAfterOf } from './grant/retry-after.ts'
import { redact, redactAll } from './redact.ts'

/** What the kernel says, in one place. Each says what happened, what becomes of the session, and what to do. */

export const signedOut = () =>
  new LatchkeyError('ERR_SIGN_IN_REQUIRED', 'You signed out. Sign in again to go on.')

export const disposed = () =>
  new LatchkeyError('ERR_DISPOSED', 'This manager was disposed of. Make a new one.')

export const sessionChanged = () =>
  new LatchkeyError(
    'ERR_SESSION_CHANGED',
    'Somebody signed out or signed in meanwhile, so what was under way for the old session was dropped.',
  )

export const recursion = () =>
  new LatchkeyError(
    'ERR_RENEWAL_RECURSION',
    'A grant asked its own manager for a token, which it is there to obtain. Use the `tokens` and `fetch` it was given.',
  )

export const timedOut = (ms: number) =>
  new LatchkeyError(
    'ERR_RENEWAL_TIMEOUT',
    `No token came within ${ms} ms. The session is kept; a later request tries again.`,
  )

/** A rejection with a code of its own (a wrong password, say) keeps that code. */
export function signInRequired(
  tried: readonly string[],
  rejection: GrantRejectedError | undefined,
  secrets: readonly string[],
): LatchkeyError {
  const code =
    rejection && rejection.code !== 'ERR_GRANT_REJECTED' ? rejection.code : 'ERR_SIGN_IN_REQUIRED'
  const what = rejection
    ? redact(rejection.message, secrets)
    : 'The manager has no valid token and cannot obtain one.'
  return new LatchkeyError(
    code,
    `${what} Tried: ${tried.join(', ')}. Sign in again.`,
    rejection
      ? {
          cause: withoutSecrets(rejection, secrets),
          status: rejection.status,
          body: redactAll(rejection.body, secrets),
        }
      : {},
  )
}

export function grantUnavailable(
  grant: string,
  error: unknown,
  secrets: readonly string[],
): LatchkeyError {
  const what = redact(wordsOf(error), secrets)
  return new LatchkeyError(
    'ERR_RENEWAL_UNAVAILABLE',
    `No token from "${grant}" for now (${what}). What there was is kept; a later request tries again.`,
    { cause: withoutSecrets(error, secrets), retryAfterMs: retryAfterOf(error) },
  )
}

export const unkept = () =>
  new LatchkeyError(
    'ERR_RENEWAL_UNAVAILABLE',
    'The token store cannot be written, so nothing was renewed: the new refresh token would be lost, and the old one may be good for once only. Make the store writable. The session is kept; a later request tries again.',
  )

export const callersCredential = (header: string) =>
  new LatchkeyError(
    'ERR_OWN_CREDENTIAL',
    `No token was sent, since the request has a header "${header}" of its own, and nothing is renewed for such a request. Take the header out (an old interceptor, or a default of the client), or give \`skipAuth: true\` where it is meant.`,
  )

export const otherOrigin = ({ origin }: URL, meant: string) =>
  new LatchkeyError(
    'ERR_OTHER_ORIGIN',
    `No token was sent, since ${origin} is another origin than the manager's ${meant}. Give the client and the manager the same address.`,
  )

export const permanentToken = () =>
  new LatchkeyError(
    'ERR_API_TOKEN_REJECTED',
    'The server rejected the API token: it is invalid, was revoked or has expired. It cannot be renewed; create a new one.',
  )

export const freshToken = () =>
  new LatchkeyError(
    'ERR_FRESH_TOKEN_REJECTED',
    'The server rejected a token that had just been renewed, so a new one will not help. Check that this user may do this, and that the token is meant for this server.',
  )

export const schemeFailed = (cause: unknown) =>
  new LatchkeyError(
    'ERR_SCHEME_FAILED',
    'The scheme failed to make headers of the token, so the request was not sent, or not again.',
    { cause },
  )

export const oneShotBody = () =>
  new LatchkeyError(
    'ERR_BODY_NOT_REPLAYABLE',
    'The token was rejected and is being renewed, but the request body is a stream that can be read only once, so the request was not sent again. Send it again yourself, or make the stream with replayable(() => …).',
  )
