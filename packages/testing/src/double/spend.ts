/** When a refresh token was used first. */
export interface Spendable {
  usedAt: number | undefined
}

/**
 * Uses a refresh token that works once.
 *
 * @returns false when it was used before, and the grace period is over: it may be stolen.
 */
export function spend(token: Spendable, now: number, graceMs: number): boolean {
  if (token.usedAt !== undefined && now - token.usedAt >= graceMs) return false
  token.usedAt ??= now
  return true
}

/** The reason that doubles give when a used refresh token comes again. */
export const reused = 'refresh token already used'
