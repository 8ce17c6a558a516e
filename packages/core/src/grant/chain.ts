import pRetry from 'p-retry'
import { type GrantRejectedError, isDeferral, isRejection, withoutSecrets } from '../errors.ts'
import { grantUnavailable } from '../texts.ts'
import { keepRefreshToken, readTokenSet, secretsOf, type TokenSet } from '../token-set.ts'
import { afterRunning, throwIfAborted } from '../waiting.ts'
import type { Grant, GrantContext } from './grant.ts'
import type { Inside } from './inside.ts'
import { isAnswerLost } from './lost-answer.ts'
import { retryAfterOf } from './retry-after.ts'

/** How often an unavailable grant is asked again within one renewal, and after how long at first. */
const RETRIES = 2
const FIRST_WAIT_MS = 200
/** The longest `Retry-After` that is waited out within a renewal, in milliseconds. */
const MAX_WAIT_MS = 5_000

/** One renewal's question to the chain. */
interface Asking {
  /** The token set to renew. */
  tokens: TokenSet | undefined
  /** Aborts when the renewal's time is up, or its session has ended. */
  signal: AbortSignal
  /** Called as soon as a grant makes the renewal wait, or has answered; not once `signal` has aborted. */
  onAsked: () => void
  /** Finds what another process has stored in place of the tokens that a grant has refused. */
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
 * Makes one question of all grants: asked in order, the first that applies wins. A rejected grant makes way for the next
 * one. An unavailable grant ends the walk, because the next one might sign in as if the session were gone.
 *
 * @param fetch What grants may send with.
 * @param inside Tells the grants' own requests from all others.
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
        tokens = undefined // refused: no later grant may present it again
      }
    }
    return { end: 'exhausted', tried, rejection }
  }
}

type Question = Omit<GrantContext, 'tokens'> & { tokens: TokenSet | undefined }

/** A copy for each question, because a grant may change it. It inherits nothing that may be taken for a token. */
function contextOf({ signal, fetch, tokens }: Question): GrantContext {
  const own = tokens && { tokens: readTokenSet(tokens) }
  return Object.assign(Object.create(null) as GrantContext, { signal, fetch }, own)
}

/**
 * Asks a grant, and twice more for what may pass. Not where the answer was lost and a refresh token may be spent: the
 * next renewal looks into the store before it presents that again.
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
    // p-retry would also retry an aborted fetch, and a decision.
    shouldRetry: async ({ error }) => {
      const isSpent = tokens?.refreshToken !== undefined && isAnswerLost(error)
      if (isRejection(error) || isDeferral(error) || isSpent || signal.aborted) return false
      return (await waitAsTold(error, signal)) && !signal.aborted
    },
  })
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

/** More turns than a grant takes that finds at once that it does not apply. */
const TURNS = 16

/** Whether `work` ends without waiting for anything, as that of a grant that does not apply. */
async function endsAtOnce(work: Promise<unknown>): Promise<boolean> {
  const ended = { isOver: false }
  const end = () => void (ended.isOver = true)
  work.then(end, end)
  for (let turn = 0; turn < TURNS && !ended.isOver; turn += 1) await Promise.resolve()
  return ended.isOver
}
