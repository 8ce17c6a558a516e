import { asCredential } from '../credential.ts'
import type { TokenSet } from '../token-set.ts'

/** What a grant gets to work with. */
export interface GrantContext {
  /** The token set to renew, when there is one. Absent: nothing stored, or it was just rejected. */
  tokens?: TokenSet
  /** Aborts when the renewal's time is up. Never a single caller's signal. */
  signal: AbortSignal
  /** The manager's plain `fetch`: nothing sent with it is intercepted. */
  fetch: typeof fetch
}

/**
 * One way to obtain a token set. The chain is asked in order and the first grant that applies wins.
 *
 * `request` answers `undefined` for "does not apply, try the next", throws `GrantRejectedError` for a
 * definite no, and whatever else it throws means "unavailable": kept, and tried again. A client's own
 * error had better stay, as it is or as `cause`: it tells whether an answer was lost, after which a
 * refresh token is not presented again by the same renewal.
 */
export interface Grant {
  /** Shown in events and error messages, so never a secret. */
  name: string
  /**
   * Asks for a token set. Called once per renewal, and again when it failed for a reason that may pass.
   *
   * @returns The new token set; `undefined`: does not apply, the next grant is asked.
   * @throws {GrantRejectedError} a definite no. `GrantDeferredError`: not now, the user has to act. Anything else:
   *   unavailable, tried again.
   */
  request(context: GrantContext): Promise<TokenSet | undefined>
  /**
   * Why it does not apply, when it does not: a few words for the message of `ERR_SIGN_IN_REQUIRED`, such
   * as `'\`password\` is not given'`. Never a secret.
   */
  missing?: string
  /** True: what this grant gives is never renewed and never stored; a 401 for it goes to the caller. */
  permanent?: boolean
}

/**
 * The grant of a token that is simply known: an API token from the environment, say.
 *
 * It is never renewed. When the server rejects it, the caller gets the 401 and `explain()` answers
 * `ERR_API_TOKEN_REJECTED`.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` when `token` cannot be a header value.
 */
export function apiToken(token: string): Grant {
  const tokens = { accessToken: asCredential('apiToken', token) }
  return { name: 'API token', permanent: true, request: () => Promise.resolve(tokens) }
}
