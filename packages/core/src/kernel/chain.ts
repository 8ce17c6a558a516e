import pRetry from 'p-retry'
import {
  isRejection,
  type GrantRejectedError,
  LatchkeyError,
  scrub,
  withoutSecrets,
} from '../errors.ts'
import type { Grant, GrantContext } from '../grant/grant.ts'
import { isAnswerLost } from '../grant/lost-answer.ts'
import { retryAfterOf } from '../grant/retry-after.ts'
import { readTokenSet, secretsOf, type TokenSet } from '../token-set.ts'

/**
 * How often an unavailable grant is asked again within one renewal, and after how long at first. One that
 * may have spent a refresh token is not: the next renewal looks into the store before it presents that again.
 */
const RETRIES = 2
const FIRST_WAIT_MS = 200

export type ChainResult =
  | { outcome: 'renewed'; tokens: TokenSet; grant: Grant }
  | { outcome: 'changed'; tokens: TokenSet }
  | { outcome: 'exhausted'; tried: string[]; rejection?: GrantRejectedError }

export interface ChainRun extends Omit<GrantContext, 'tokens'> {
  tokens: TokenSet | undefined
  /** Asked after each rejection: what another process has stored meanwhile, if it did. */
  reread(): Promise<TokenSet | undefined>
  /** Runs a grant so that its own requests can be told from everybody else's. */
  enter<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

/**
 * Asks the grants in order: the first that applies wins, a rejected one makes way for the next, an
 * unavailable one ends the walk, since the next might sign in as if the session were gone.
 *
 * @throws {LatchkeyError} `ERR_RENEWAL_UNAVAILABLE` with the grant's error, made safe, as `cause`.
 */
export async function walkChain(grants: readonly Grant[], run: ChainRun): Promise<ChainResult> {
  const tried: string[] = []
  let { tokens } = run
  let rejection: GrantRejectedError | undefined
  for (const grant of grants) {
    try {
      const answer = await ask(grant, { ...run, tokens })
      if (answer) return { outcome: 'renewed', grant, tokens: withRefreshToken(answer, tokens) }
      tried.push(`${grant.name} (${grant.missing ?? 'does not apply'})`)
    } catch (error) {
      if (!isRejection(error)) throw unavailable(grant, error, secretsOf(run.tokens))
      rejection = error
      tried.push(`${grant.name} (rejected)`)
      const changed = await run.reread()
      if (changed) return { outcome: 'changed', tokens: changed }
      tokens = undefined // refused: no later grant may present it again
    }
  }
  return { outcome: 'exhausted', tried, ...(rejection && { rejection }) }
}

/** A server that answers a refresh without a new refresh token means the old one to stay (RFC 6749 section 6). */
function withRefreshToken(answer: TokenSet, old: TokenSet | undefined): TokenSet {
  if (answer.refreshToken !== undefined || old?.refreshToken === undefined) return answer
  const { refreshToken, refreshExpiresAt } = old
  return { ...answer, refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) }
}

async function ask(grant: Grant, run: ChainRun): Promise<TokenSet | undefined> {
  const { tokens, signal, fetch, enter } = run
  const attempt = async () => {
    signal.throwIfAborted()
    const context = { signal, fetch, ...(tokens && { tokens: { ...tokens } }) }
    const answer = await enter(async () => grant.request(context), signal)
    return answer === undefined ? undefined : readTokenSet(answer)
  }
  return pRetry(attempt, {
    retries: RETRIES,
    minTimeout: FIRST_WAIT_MS,
    // p-retry would also retry an aborted fetch, and a rejection.
    shouldRetry: async ({ error }) => {
      const isSpent = tokens?.refreshToken !== undefined && isAnswerLost(error)
      if (isRejection(error) || isSpent || signal.aborted) return false
      return (await waitAsTold(error, signal)) && !signal.aborted
    },
  })
}

/** Waits out a short `Retry-After`. False: it is too long to wait for here, the cool-down keeps it. */
async function waitAsTold(error: Error, signal: AbortSignal): Promise<boolean> {
  const waitMs = retryAfterOf(error)
  if (waitMs === undefined || waitMs === 0) return true
  if (waitMs > 5_000) return false
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, waitMs)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
  return true
}

function unavailable(grant: Grant, error: unknown, secrets: string[]): LatchkeyError {
  const what = scrub(error instanceof Error ? error.message : String(error), secrets)
  return new LatchkeyError(
    'ERR_RENEWAL_UNAVAILABLE',
    `No token from "${grant.name}" for now (${what}). What there was is kept; a later request tries again.`,
    { cause: withoutSecrets(error, secrets), retryAfterMs: retryAfterOf(error) },
  )
}
