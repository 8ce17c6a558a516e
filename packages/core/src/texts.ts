import { type GrantRejectedError, LatchkeyError, withoutSecrets, wordsOf } from './errors.ts'
import { retryAfterOf } from './grant/retry-after.ts'
import { redactAll } from './redact.ts'

/** The messages of the kernel. Each says what happened, what it means for the session, and what to do. */

export const signedOut = () =>
  new LatchkeyError('ERR_SIGN_IN_REQUIRED', 'The user has signed out. Sign in again.')

export const disposed = () =>
  new LatchkeyError('ERR_DISPOSED', 'This manager was disposed of. Create a new one.')

export const sessionChanged = () =>
  new LatchkeyError(
    'ERR_SESSION_CHANGED',
    'The user has signed in or out in the meantime, so the work for the old session was dropped. Repeat it in the new session if it is still needed.',
  )

export const recursion = () =>
  new LatchkeyError(
    'ERR_RENEWAL_RECURSION',
    'A grant asked its own manager for a token, but the manager is waiting for that grant. Use the `tokens` and `fetch` that the grant receives.',
  )

export const timedOut = (ms: number) =>
  new LatchkeyError(
    'ERR_RENEWAL_TIMEOUT',
    `The renewal took longer than ${ms} ms. The session is kept; a later request tries again.`,
  )

/** A rejection with a code of its own (a wrong password, for example) keeps that code. */
export function signInRequired(
  tried: readonly string[],
  rejection: GrantRejectedError | undefined,
  secrets: readonly string[],
): LatchkeyError {
  const cause = rejection && (withoutSecrets(rejection, secrets) as LatchkeyError)
  const { code = 'ERR_GRANT_REJECTED', message, status } = cause ?? {}
  const what = message ?? 'The manager has no valid token and cannot obtain one.'
  return new LatchkeyError(
    code === 'ERR_GRANT_REJECTED' ? 'ERR_SIGN_IN_REQUIRED' : code,
    `${what} Tried: ${tried.join(', ')}. Sign in again.`,
    cause ? { cause, status, body: redactAll(rejection?.body, secrets) } : {},
  )
}

export function grantUnavailable(
  grant: string,
  error: unknown,
  secrets: readonly string[],
): LatchkeyError {
  const cause = withoutSecrets(error, secrets)
  return new LatchkeyError(
    'ERR_RENEWAL_UNAVAILABLE',
    `"${grant}" is unavailable (${wordsOf(cause)}). The session is kept; a later request tries again.`,
    { cause, retryAfterMs: retryAfterOf(error) },
  )
}

export const unkept = () =>
  new LatchkeyError(
    'ERR_RENEWAL_UNAVAILABLE',
    'The token store cannot be written, so nothing was renewed: the new refresh token would be lost, and the old one may be single-use. The session is kept. Make the store writable; a later request tries again.',
  )

export const callersCredential = (header: string) =>
  new LatchkeyError(
    'ERR_OWN_CREDENTIAL',
    `No token was sent or renewed, because the request already has the header "${header}". Remove that header (from an old interceptor or the client's defaults), or set \`skipAuth: true\` if you want it.`,
  )

export const otherOrigin = ({ origin }: URL, meant: string) =>
  new LatchkeyError(
    'ERR_OTHER_ORIGIN',
    `No token was sent, because the request went to ${origin}, but the manager's origin is ${meant}. Use the same address for the client and the manager.`,
  )

export const permanentToken = () =>
  new LatchkeyError(
    'ERR_API_TOKEN_REJECTED',
    'The server rejected the API token: it is invalid, revoked or expired. It cannot be renewed. Create a new one.',
  )

export const freshToken = () =>
  new LatchkeyError(
    'ERR_FRESH_TOKEN_REJECTED',
    'The server rejected a token that had just been renewed, so a new one will not help. Check that the user has the permission, and that the token is for this server.',
  )

export const replayTooLate = () =>
  new LatchkeyError(
    'ERR_REPLAY_TOO_LATE',
    "The replay's token expired, or was replaced, before the server checked it. A request is sent at most twice, so this one was not sent a third time. Send it again.",
  )

export const schemeFailed = (cause: unknown) =>
  new LatchkeyError(
    'ERR_SCHEME_FAILED',
    'The scheme could not turn the token into headers, so the request was not sent (or not replayed).',
    { cause },
  )

export const oneShotBody = () =>
  new LatchkeyError(
    'ERR_BODY_NOT_REPLAYABLE',
    'The token was rejected and is being renewed, but the request body is a stream that can be read only once, so the request was not sent again. Send it again yourself, or create the stream with replayable(() => …).',
  )
