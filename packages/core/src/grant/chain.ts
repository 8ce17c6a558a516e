import pRetry from 'p-retry'
import { type GrantRejectedError, isDeferral, isRejection, withoutSecrets } from '../errors.ts'
import { grantUnavailable } from '../texts.ts'
import { keepRefreshToken, readTokenSet, secretsOf, type TokenSet } from '../token-set.ts'
import { afterRunning, throwIfAborted } from '../waiting.ts'
import type { Grant, GrantContext } from './grant.ts'
import type { Inside } from './inside.ts'
import { isAnswerLost } from './lost-answer.ts'
import { retryAfterOf } from './retry-after.ts'

/** How often a renewal asks an unavailable grant again, and the first pause in milliseconds. */
const RETRIES = 2
const FIRST_WAIT_MS = 200
/** The longest `Retry-After` that a renewal waits for, in milliseconds. */
const MAX_WAIT_MS = 5_000

/** What one renewal passes to the chain. */
interface Asking {
  /** The token set to renew. */
  tokens: TokenSet | undefined
  /** Aborts when the renewal's time limit is reached, or when its session has ended. */
  signal: AbortSignal
  /** Called as soon as a grant has to wait or has answered. Not called after `signal` has aborted. */
  onAsked: () => void
  /** Returns what another process has stored in place of the tokens that a grant has rejected. */
  changed: (refused: TokenSet | undefined) => Promise<TokenSet | undefined>
}

/** How the chain answered. */
type Answer =
  | { end: 'answered'; tokens: TokenSet; grant: Grant }
  | { end: 'overtaken'; tokens: TokenSet }
  | { end: 'exhausted'; tried: string[]; rejection: GrantRejectedError | undefined }

/** @throws {LatchkeyError} `ERR_RENEWAL_UNAVAILABLE`, or a grant's `GrantDeferredError`. */
export type Chain = (asking: Asking) => Promise<Answer>

/**
 * Combines the grants into one function. It asks them in order, and the first that applies wins. After a rejection
 * it asks the next grant. An unavailable grant ends the search, because the next one might start a new session
 * although the old one is still good.
 *
 * @param fetch The `fetch` that grants use.
 * @param inside Recognises the grants' own requests.
 */
export function createChain(
  grants: readonly Grant[],
  fetch: GrantContext['fetch'],
  inside: Inside,
): Chain {
  return async ({ tokens: known, signal, onAsked, changed }) => {
    const tell = () => signal.aborted || onAsked()
    const tried: string[] = []
    let rejection: GrantRejectedError | undefined
    let tokens = known
    for (const grant of grants) {
      try {
        const context = { signal, fetch, tokens }
        const asked = inside.enter(() => askPatiently(grant, context), signal)
        if (!(await endsAtOnce(asked))) tell()
        const answer = await asked
        if (answer) {
          tell()
          return { end: 'answered', grant, tokens: keepRefreshToken(answer, tokens) }
        }
        tried.push(`${grant.name} (${grant.missing ?? 'does not apply'})`)
      } catch (error) {
        tell()
        if (isDeferral(error)) throw withoutSecrets(error, secretsOf(known))
        if (!isRejection(error)) throw grantUnavailable(grant.name, error, secretsOf(known))
        rejection = error
        tried.push(`${grant.name} (rejected)`)
        const newer = await changed(known)
        if (newer) return { end: 'overtaken', tokens: newer }
        tokens = undefined // rejected: no later grant may present it again
      }
    }
    return { end: 'exhausted', tried, rejection }
  }
}

type Question = Omit<GrantContext, 'tokens'> & { tokens: TokenSet | undefined }

/**
 * Copies the context for each call, because a grant may change it. The copy inherits nothing that could be used as
 * a token.
 */
function contextOf({ signal, fetch, tokens }: Question): GrantContext {
  const own = tokens && { tokens: readTokenSet(tokens) }
  return Object.assign(Object.create(null) as GrantContext, { signal, fetch }, own)
}

/**
 * Asks a grant, and twice more if the failure may pass. It does not ask again if the answer was lost and the
 * refresh token may be used up: the next renewal reads the store before it presents that token again.
 */
function askPatiently(grant: Grant, question: Question): Promise<TokenSet | undefined> {
  const { tokens, signal } = question
  const ask = async () => {
    throwIfAborted(signal)
    const answer = await grant.request(contextOf(question))
    return answer === undefined ? undefined : readTokenSet(answer)
  }
  return pRetry(ask, {
    retries: RETRIES,
    minTimeout: FIRST_WAIT_MS,
    // p-retry would also retry an aborted fetch, a rejection and a deferral.
    shouldRetry: async ({ error }) => {
      const isSpent = tokens?.refreshToken !== undefined && isAnswerLost(error)
      if (isRejection(error) || isDeferral(error) || isSpent || signal.aborted) return false
      return (await waitAsTold(error, signal)) && !signal.aborted
    },
  })
}

/** Waits for a short `Retry-After`. Returns false if it is too long: the cool-down then observes it. */
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

/** More microtasks than a grant needs to answer that it does not apply. */
const TURNS = 16

/** Returns whether `work` ends without waiting for anything, such as a grant that does not apply. */
async function endsAtOnce(work: Promise<unknown>): Promise<boolean> {
  const ended = { isOver: false }
  const end = () => void (ended.isOver = true)
  work.then(end, end)
  for (let turn = 0; turn < TURNS && !ended.isOver; turn += 1) await Promise.resolve()
  return ended.isOver
}
