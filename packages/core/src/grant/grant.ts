import { asCredential } from '../credential.ts'
import type { TokenSet } from '../token-set.ts'

/** What a grant receives. */
export interface GrantContext {
  /** The token set to renew. Absent: nothing is stored, or it was just rejected. */
  tokens?: TokenSet
  /** Aborts when the renewal's time limit is reached. Never the signal of a single caller. */
  signal: AbortSignal
  /** The manager's plain `fetch`. Requests sent with it are not intercepted. */
  fetch: typeof fetch
}

/**
 * Obtains a token set in one way. The manager asks the chain in order, and the first grant that applies wins.
 *
 * `request` returns `undefined` for "does not apply, try the next" and throws `GrantRejectedError` for a definite
 * no. Any other error means "unavailable": the session is kept and the renewal is tried again. Throw the client's
 * own error, or keep it as `cause`. It shows whether an answer was lost, after which the same renewal does not
 * present the refresh token again.
 */
export interface Grant {
  /** Shown in events and error messages, so it must not contain a secret. */
  name: string
  /**
   * Obtains a token set. Called once per renewal, and again after a failure that may pass.
   *
   * @returns The new token set. `undefined`: this grant does not apply, so the next grant is asked.
   * @throws {GrantRejectedError} for a definite no. `GrantDeferredError`: the user has to act first. Any other
   *   error: unavailable, tried again.
   */
  request(context: GrantContext): Promise<TokenSet | undefined>
  /**
   * Why this grant does not apply: a few words for the message of `ERR_SIGN_IN_REQUIRED`, such as `'\`password\`
   * is not given'`. Must not contain a secret.
   */
  missing?: string
  /** True: its token is never renewed and never stored, and the caller receives a 401 for it. */
  permanent?: boolean
}

/**
 * Creates a grant for a known token, such as an API token from the environment.
 *
 * It is never renewed. If the server rejects it, the caller receives the 401 and `explain()` returns
 * `ERR_API_TOKEN_REJECTED`.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` when `token` cannot be a header value.
 */
export function apiToken(token: string): Grant {
  const tokens = { accessToken: asCredential('apiToken', token) }
  return { name: 'API token', permanent: true, request: () => Promise.resolve(tokens) }
}
