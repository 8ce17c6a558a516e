import { causesOf, isLatchkeyError, type LatchkeyError } from '../errors.ts'
import type { ResponseView } from '../fetch/response-view.ts'

/** Keeps the reason for each response or error. It is kept beside the client's own object and freed with it. */
export function createExplanations() {
  const reasons = new WeakMap<object, LatchkeyError>()

  function add(response: ResponseView | Response, reason: LatchkeyError): undefined {
    reasons.set(response, reason)
    if ('original' in response && response.original) reasons.set(response.original, reason)
  }

  /** Follows `response` and `cause` of clients' errors. */
  function find(subject: unknown): LatchkeyError | undefined {
    for (const one of causesOf(subject)) {
      if (isLatchkeyError(one)) return one
      const { response } = one as { response?: object } // reading a property is safe for any value
      const reason = reasons.get(one) ?? reasons.get(response as object)
      if (reason) return reason
    }
    return undefined
  }

  return { add, find }
}
