import { type GrantRejectedError, isDeferral, isRejection, withoutSecrets } from '../errors.ts'
import { contextOf, type Grant } from '../grant/grant.ts'
import type { Inside } from '../grant/inside.ts'
import { grantUnavailable } from '../texts.ts'
import { secretsOf, type TokenSet } from '../token-set.ts'
import { keepRefreshToken } from './decisions.ts'

/** What the walk through the chain needs. */
export interface Asking {
  grants: readonly Grant[]
  fetch: typeof fetch
  signal: AbortSignal
  /** Tells the grants' own requests from all others. */
  inside: Inside
  /** Called before a grant is waited for, and when one has answered. */
  onAsked: () => void
  /** What another process has stored in place of the tokens that a grant has refused. */
  changed: (refused: TokenSet | undefined) => Promise<TokenSet | undefined>
}

/** How the walk ended. */
export type Walk =
  | { end: 'answered'; answer: TokenSet; grant: Grant }
  | { end: 'overtaken'; tokens: TokenSet }
  | { end: 'exhausted'; tried: string[]; rejection: GrantRejectedError | undefined }

/**
 * Asks the grants in order: the first that applies wins, a rejected one makes way for the next, an unavailable one ends
 * the walk, since the next might sign in as if the session were gone.
 */
export async function askGrants(known: TokenSet | undefined, asking: Asking): Promise<Walk> {
  const { grants, fetch, signal, inside, onAsked, changed } = asking
  const tried: string[] = []
  let rejection: GrantRejectedError | undefined
  let tokens = known
  for (const grant of grants) {
    try {
      const context = contextOf(signal, fetch, tokens)
      const asked = inside.enter(async () => grant.request(context), signal)
      if (!(await endsAtOnce(asked))) onAsked()
      const answer = await asked
      if (answer) {
        onAsked()
        return { end: 'answered', grant, answer: keepRefreshToken(answer, tokens) }
      }
      tried.push(`${grant.name} (${grant.missing ?? 'does not apply'})`)
    } catch (error) {
      onAsked()
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

/** More turns than a grant takes that finds at once that it does not apply. */
const TURNS = 8

/** Whether `work` ends without waiting for anything, as that of a grant that does not apply. */
async function endsAtOnce(work: Promise<unknown>): Promise<boolean> {
  const ended = { isOver: false }
  const end = () => void (ended.isOver = true)
  work.then(end, end)
  for (let turn = 0; turn < TURNS && !ended.isOver; turn += 1) await Promise.resolve()
  return ended.isOver
}
