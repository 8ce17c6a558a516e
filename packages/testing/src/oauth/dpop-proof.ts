import { decode, verify } from 'hono/jwt'
import { encodeBase64Url } from 'hono/utils/encode'
import { OAuthError } from './oauth-error.ts'
import type { OAuthWorld } from './oauth-world.ts'

/** The algorithms that proofs may be signed with. */
export const dpopAlgorithms = ['ES256', 'PS256', 'RS256', 'EdDSA'] as const

/** How far the clock of a proof without a nonce may be off. */
const windowS = 300

/**
 * Checks the proof of a request (RFC 9449, section 4.3).
 *
 * @param accessToken the token that is presented with it, at the API.
 * @returns the thumbprint of its key, or undefined without a proof.
 * @throws OAuthError `invalid_dpop_proof`, or `use_dpop_nonce` with the nonce to use.
 */
export async function checkProof(
  world: OAuthWorld,
  request: Request,
  accessToken?: string,
): Promise<string | undefined> {
  const proof = request.headers.get('dpop')
  if (proof === null) {
    if (world.settings.requireDpop) throw invalidProof('a DPoP proof is required')
    return undefined
  }
  const { claims, key } = await verified(proof)
  const { jti, iat, htm, htu, nonce, ath } = claims
  if (typeof jti !== 'string' || typeof iat !== 'number')
    throw invalidProof('jti or iat is missing')
  if (htm !== request.method) throw invalidProof('htm mismatch')
  if (typeof htu !== 'string' || bare(htu) !== bare(request.url)) throw invalidProof('htu mismatch')
  if (accessToken !== undefined && ath !== (await sha256(accessToken))) {
    throw invalidProof('ath mismatch')
  }
  checkFreshness(world, { iat, nonce })
  if (world.proofs.has(jti)) throw invalidProof('the proof has been used already')
  world.proofs.add(jti)
  return thumbprint(key)
}

/** A nonce shows by itself that a proof is fresh. Without one, its date does. */
function checkFreshness(world: OAuthWorld, { iat, nonce }: { iat: number; nonce: unknown }): void {
  if (nonce === world.dpopNonce) return
  const isRecent = Math.abs(world.now() / 1000 - iat) <= windowS
  if (nonce === undefined && isRecent && !world.settings.requireDpopNonce) return
  throw new OAuthError('use_dpop_nonce', 'the DPoP proof needs the nonce of this answer')
}

async function verified(proof: string) {
  try {
    const header: { alg?: unknown; jwk?: unknown } = decode(proof).header
    const alg = dpopAlgorithms.find((known) => known === header.alg)
    const key = header.jwk as JsonWebKey
    if (!alg || typeof key !== 'object' || key === null || 'd' in key) throw new TypeError('jwk')
    const options = { alg, typ: 'dpop+jwt', exp: false, iat: false, nbf: false }
    const claims: Record<string, unknown> = await verify(proof, { ...key, alg }, options)
    return { claims, key }
  } catch {
    throw invalidProof('the DPoP proof is not a JWT signed with the key in its header')
  }
}

const invalidProof = (description: string) => new OAuthError('invalid_dpop_proof', description)

function bare(address: string): string {
  const { origin, pathname } = URL.canParse(address)
    ? new URL(address)
    : { origin: '', pathname: '' }
  return origin + pathname
}

/** @returns the SHA-256 of a text, in base64url. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return encodeBase64Url(digest).replaceAll('=', '')
}

/** RFC 7638: the required members only, in lexicographic order. */
function thumbprint({ crv, e, kty, n, x, y }: JsonWebKey): Promise<string> {
  return sha256(JSON.stringify({ crv, e, kty, n, x, y }))
}
