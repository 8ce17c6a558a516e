import { ok } from 'node:assert/strict'
import type { TokenSet } from '@latchkey/core'

export const NAME = 'https://api.test'

/** A session that knows its number and its length, so that what is torn or mixed shows. */
export function sessionOf(count: number): TokenSet {
  return {
    accessToken: `CANARY-7f3a-${count}-`.padEnd(100 + (count % 50) * 400, 'x'),
    refreshToken: `CANARY-7f3a-refresh-${count}`,
    expiresAt: 2_000_000_000_000 + count,
  }
}

/** The number of a session that is whole; 0 for none. */
export function countOf(tokens: TokenSet | null | undefined): number {
  if (!tokens) return 0
  const count = (tokens.expiresAt ?? 0) - 2_000_000_000_000
  const { accessToken, refreshToken } = sessionOf(count)
  ok(tokens.accessToken === accessToken && tokens.refreshToken === refreshToken, 'it is whole')
  return count
}
