import { isLatchkeyError, LatchkeyError } from '../errors.ts'
import type { ResponseView } from '../fetch/response-view.ts'

/** Why a request came back as it did, kept beside the client's own objects and gone with them. */
export function createExplanations() {
  const reasons = new WeakMap<object, LatchkeyError>()

  function add(response: ResponseView | Response, reason: LatchkeyError): undefined {
    reasons.set(response, reason)
    if ('original' in response && response.original) reasons.set(response.original, reason)
  }

  /** Follows `response` and `cause` of clients' errors. */
  function find(subject: unknown): LatchkeyError | undefined {
    let current = subject
    for (let depth = 0; depth < 8 && typeof current === 'object' && current; depth += 1) {
      if (isLatchkeyError(current)) return current
      const { response, cause } = current as { response?: unknown; cause?: unknown }
      const reason = reasons.get(current) ?? reasons.get(response as object) // any value may be asked for
      if (reason) return reason
      current = cause
    }
    return undefined
  }

  return { add, find }
}

export type Explanations = ReturnType<typeof createExplanations>

export const explanation = {
  otherOrigin: ({ origin }: URL, meant: string) =>
    new LatchkeyError(
      'ERR_OTHER_ORIGIN',
      `No token was sent, since ${origin} is another origin than the manager's ${meant}. Give the client and the manager the same address.`,
    ),
  staticToken: () =>
    new LatchkeyError(
      'ERR_API_TOKEN_REJECTED',
      'The server rejected the API token: it is invalid, was revoked or has expired. It cannot be renewed; create a new one.',
    ),
  freshToken: () =>
    new LatchkeyError(
      'ERR_FRESH_TOKEN_REJECTED',
      'The server rejected a token that had just been renewed, so a new one will not help. Check that this user may do this, and that the token is meant for this server.',
    ),
  schemeFailed: (cause: unknown) =>
    new LatchkeyError(
      'ERR_SCHEME_FAILED',
      'The scheme failed to make headers of the token, so the request was not sent, or not again.',
      { cause },
    ),
  oneShotBody: () =>
    new LatchkeyError(
      'ERR_BODY_NOT_REPLAYABLE',
      'The token was rejected and is being renewed, but the request body is a stream that can be read only once, so the request was not sent again. Send it again yourself, or make the stream with replayable(() => …).',
    ),
}
