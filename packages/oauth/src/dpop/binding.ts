import type { Scheme, TokenManagerOptions, TokenSet } from '@latchkey/core'
import { DPoP, type DPoPHandle, modifyAssertion, protectedResourceRequest } from 'oauth4webapi'
import { readChallenges } from '../challenge.ts'
import { requestOptions } from '../sending.ts'
import type { SessionKeys } from './session-keys.ts'

/** Binds tokens to a key that each request has to prove (RFC 9449). */
export interface DPoPBinding {
  /** Proves the key of `tokens`, or of a session to come, in requests to the authorization server. */
  proverOf(tokens: TokenSet | undefined): Promise<DPoPHandle>
  /** Returns the new tokens together with the key that they are bound to. */
  keepWith(bound: TokenSet, tokens: TokenSet | undefined): Promise<TokenSet>
  /** Remembers the nonce that a server wants in the next proof. Returns whether the response has one. */
  learn(headers: Headers, url: string): boolean
  scheme: Scheme
}

export function dpopBinding(keys: SessionKeys): DPoPBinding {
  const nonces = new Map<string, string>()
  const provers = new WeakMap<CryptoKeyPair, DPoPHandle>()
  const proverOf = async (tokens: TokenSet | undefined) => {
    const key = await keys.keyOf(tokens)
    const prover = provers.get(key) ?? DPoP({}, key, { [modifyAssertion]: withNonce })
    provers.set(key, prover)
    return prover
  }
  const withNonce = (_: object, proof: Record<string, unknown>) => {
    const nonce = nonces.get(new URL(String(proof['htu'])).origin)
    if (nonce !== undefined) proof['nonce'] = nonce
  }
  return {
    proverOf,
    keepWith: async (bound, tokens) => keys.keepWith(bound, await keys.keyOf(tokens)),
    learn(headers, url) {
      const nonce = headers.get('dpop-nonce')
      if (nonce !== null) nonces.set(new URL(url).origin, nonce)
      return nonce !== null
    },
    scheme: {
      name: 'DPoP',
      header: 'authorization',
      headers: async (tokens, request) => proofOf(await proverOf(tokens), tokens, request),
    },
  }
}

/** Returns the headers of one request. oauth4webapi makes them while it sends a request; this one is not sent. */
async function proofOf(
  prover: DPoPHandle,
  { accessToken }: TokenSet,
  { url, method }: { url: URL; method: string },
): Promise<Record<string, string>> {
  let made: Record<string, string> = {}
  const options = requestOptions({
    fetch: (_, init) => {
      made = (init as { headers: Record<string, string> }).headers
      return Promise.resolve(new Response())
    },
  })
  const request = { ...options, DPoP: prover }
  await protectedResourceRequest(accessToken, method, new URL(url), undefined, null, request)
  const { authorization = '', dpop = '' } = made
  return { authorization, dpop }
}

/** Learns nonces from answers, and repeats a request once if its nonce was missing (RFC 9449 section 9). */
export function learnNonces(
  { learn }: DPoPBinding,
  next: TokenManagerOptions['onChallenge'],
): Required<Pick<TokenManagerOptions, 'tokensFrom' | 'onChallenge'>> {
  return {
    tokensFrom({ headers, url }) {
      learn(headers, url)
      return undefined
    },
    async onChallenge(response, tokens, isInUse) {
      const isLearned = learn(response.headers, response.url)
      const challenges = await readChallenges(response.headers)
      if (isLearned && challenges.some(({ error }) => error === 'use_dpop_nonce')) return tokens
      return next?.(response, tokens, isInUse)
    },
  }
}
