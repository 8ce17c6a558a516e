import pRetry from 'p-retry'
import { isDeferral, isRejection } from '../errors.ts'
import { readTokenSet } from '../token-set.ts'
import { afterRunning, throwIfAborted } from '../waiting.ts'
import { contextOf, type Grant } from './grant.ts'
import { isAnswerLost } from './lost-answer.ts'
import { retryAfterOf } from './retry-after.ts'

/** How often an unavailable grant is asked again within one renewal, and after how long at first. */
const RETRIES = 2
const FIRST_WAIT_MS = 200
/** The longest `Retry-After` that is waited out within a renewal, in milliseconds. */
const MAX_WAIT_MS = 5_000

/**
 * `grant`, asked twice more for what may pass. Not where the answer was lost and a refresh token may be spent: the next
 * renewal looks into the store before it presents that again.
 */
export function retryingGrant(grant: Grant): Grant {
  return {
    ...grant,
    request(context) {
      const { tokens, signal, fetch } = context
      const attempt = async () => {
        throwIfAborted(signal)
        const answer = await grant.request(contextOf(signal, fetch, tokens))
        return answer === undefined ? undefined : readTokenSet(answer)
      }
      return pRetry(attempt, {
        retries: RETRIES,
        minTimeout: FIRST_WAIT_MS,
        // p-retry would also retry an aborted fetch, and a decision.
        shouldRetry: async ({ error }) => {
          const isSpent = tokens?.refreshToken !== undefined && isAnswerLost(error)
          if (isRejection(error) || isDeferral(error) || isSpent || signal.aborted) return false
          return (await waitAsTold(error, signal)) && !signal.aborted
        },
      })
    },
  }
}

/** Waits out a short `Retry-After`. False: it is too long to wait for here, the cool-down keeps it. */
async function waitAsTold(error: Error, signal: AbortSignal): Promise<boolean> {
  const waitMs = retryAfterOf(error)
  if (waitMs === undefined || waitMs === 0) return true
  if (waitMs > MAX_WAIT_MS) return false
  await new Promise<void>((resolve) => {
    const stop = afterRunning(waitMs, resolve)
    signal.addEventListener('abort', () => (stop(), resolve()), { once: true })
  })
  return true
}
