import type { TokenSet } from '@latchkey/core'
import { generateKeyPair } from 'oauth4webapi'
import { pageKey } from './page-keys.ts'

/** Which key the tokens of a session are bound to, and where it is kept. */
export interface SessionKeys {
  /** The key of `tokens`; without any, that of a session to come. */
  keyOf(tokens: TokenSet | undefined): Promise<CryptoKeyPair>
  /** `tokens`, with what has to be kept with them so that keyOf() finds their key. */
  keepWith(tokens: TokenSet, key: CryptoKeyPair): Promise<TokenSet>
}

/** A key that the user gives and keeps. */
export const givenKey = (key: CryptoKeyPair): SessionKeys => ({
  keyOf: () => Promise.resolve(key),
  keepWith: (tokens) => Promise.resolve(tokens),
})

/**
 * Keys of our own: in a page, one that no script can take away, under the session's name; elsewhere, one
 * that is kept in the token set, since a store is all that outlives the process there.
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
  /** For sessions to come. */
  let own: Promise<CryptoKeyPair> | undefined
  let latest: { text: string; key: Promise<CryptoKeyPair> } | undefined
  const imported = (text: string) => {
    if (latest?.text !== text) latest = { text, key: importKey(text) }
    return latest.key
  }
  return {
    keyOf: (tokens) =>
      tokens?.dpopKey === undefined
        ? (own ??= generateKeyPair('ES256', { extractable: true }))
        : imported(tokens.dpopKey),
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
    crypto.subtle.importKey('jwk', jwk, ALGORITHM, false, ['sign']),
    crypto.subtle.importKey('jwk', ours, ALGORITHM, true, ['verify']),
  ])
  return { privateKey, publicKey }
}
