import type { TokenSet } from '@latchkey/core'
import type { Factors } from './authentication.ts'
import { type PowerAuthToken, type PowerAuthVersion, readToken } from './token-digest.ts'

/** A stored token, with its activation and its factors. */
export interface TokenRecord extends PowerAuthToken {
  factors: Factors
  /** The activation it was created under. */
  activation: string | undefined
}

/** Encodes a record as a token set for any store. Its access token holds the secret part. */
export function toTokenSet({ tokenId, tokenSecret, factors, activation }: TokenRecord): TokenSet {
  const fields = { tokenId, tokenSecret, factors, ...(activation !== undefined && { activation }) }
  return { accessToken: new URLSearchParams(fields).toString() }
}

/** Decodes a record; `undefined` for anything else. Does not check the activation. */
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
