import type { TokenSet } from '@latchkey/core'
import { generateKeyPair } from 'oauth4webapi'
import { pageKey } from './page-keys.ts'

/** The keys that the tokens of a session are bound to. */
export interface SessionKeys {
  /** Returns the key of `tokens`; without tokens, the key for the next session. */
  keyOf(tokens: TokenSet | undefined): Promise<CryptoKeyPair>
  /** Returns `tokens` with the fields that keyOf() needs to find their key. */
  keepWith(tokens: TokenSet, key: CryptoKeyPair): Promise<TokenSet>
}

/** Uses a key that the caller owns and keeps. */
export const givenKey = (key: CryptoKeyPair): SessionKeys => ({
  keyOf: () => Promise.resolve(key),
  keepWith: (tokens) => Promise.resolve(tokens),
})

/**
 * Uses keys of our own. In a page the key is stored under the session's name, and no script can read it.
 * Elsewhere it is kept in the token set, because only the store outlives the process.
 */
export function ownKeys(name: string): SessionKeys {
  return 'indexedDB' in globalThis ? keysOfPage(name) : keysInTokens()
}

function keysOfPage(name: string): SessionKeys {
  let key: Promise<CryptoKeyPair> | undefined
  return {
    keyOf: () => (key ??= pageKey(name)),
    keepWith: (tokens) => Promise.resolve(tokens),
  }
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }

function keysInTokens(): SessionKeys {
  /** The key for the next session. */
  let own: Promise<CryptoKeyPair> | undefined
  let latest: { text: string; key: Promise<CryptoKeyPair> } | undefined
  const fresh = () => (own ??= generateKeyPair('ES256', { extractable: true }))
  const imported = (text: string) => {
    // Without its key, the server decides what becomes of the session.
    if (latest?.text !== text) latest = { text, key: importKey(text).catch(fresh) }
    return latest.key
  }
  return {
    keyOf: (tokens) => (tokens?.dpopKey === undefined ? fresh() : imported(tokens.dpopKey)),
    async keepWith(tokens, key) {
      const dpopKey = JSON.stringify(await crypto.subtle.exportKey('jwk', key.privateKey))
      return { ...tokens, dpopKey }
    },
  }
}

async function importKey(text: string): Promise<CryptoKeyPair> {
  const jwk = JSON.parse(text) as JsonWebKey
  const { kty, crv, x, y } = jwk
  const ours = { kty, crv, x, y } as JsonWebKey
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', jwk, ALGORITHM, true, ['sign']),
    crypto.subtle.importKey('jwk', ours, ALGORITHM, true, ['verify']),
  ])
  return { privateKey, publicKey }
}
