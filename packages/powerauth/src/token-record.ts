import type { TokenSet } from '@latchkey/core'
import type { Factors } from './authentication.ts'
import { type PowerAuthToken, type PowerAuthVersion, readToken } from './token-digest.ts'

/** A token as it is kept: whose it is, and what it may be asked for with. */
export interface TokenRecord extends PowerAuthToken {
  factors: Factors
  /** The activation it was created under. */
  activation: string | undefined
}

/** A record as a store keeps any token set: what is secret about it is its access token. */
export function toTokenSet({ tokenId, tokenSecret, factors, activation }: TokenRecord): TokenSet {
  const fields = { tokenId, tokenSecret, factors, ...(activation !== undefined && { activation }) }
  return { accessToken: new URLSearchParams(fields).toString() }
}

/** `undefined` for what is no record of this version. Who wrote it is not asked here. */
export function readRecord(
  stored: TokenSet | null | undefined,
  version: PowerAuthVersion,
): TokenRecord | undefined {
  const fields = new URLSearchParams(stored?.accessToken ?? '')
  const [factors, activation] = [fields.get('factors'), fields.get('activation')]
  try {
    const token = readToken(Object.fromEntries(fields), version)
    return { ...token, factors: factors as Factors, activation: activation ?? undefined }
  } catch {
    return undefined
  }
}
