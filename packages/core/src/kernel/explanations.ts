import { isLatchkeyError, type LatchkeyError } from '../errors.ts'
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
