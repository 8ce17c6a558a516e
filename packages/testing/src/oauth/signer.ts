import { sign } from 'hono/jwt'
import { randomText } from '../double/random.ts'

export type Signer = ReturnType<typeof createSigner>
type SigningKey = JsonWebKey & { alg: 'ES256'; kid: string }

/** The server's signing key, made when it is first needed. */
export function createSigner() {
  let made: Promise<{ privateKey: SigningKey; publicKey: SigningKey }> | undefined
  const keys = () => (made ??= makeKeys())
  return {
    /** The public half, as `jwks_uri` shows it. */
    publicKey: async () => (await keys()).publicKey,
    sign: async (claims: Record<string, unknown>) => sign(claims, (await keys()).privateKey),
  }
}

async function makeKeys() {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const common = { alg: 'ES256', kid: randomText(8), use: 'sig' } as const
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', pair.privateKey)
  const publicKey = { kty, crv, x, y, ...common } as SigningKey
  return { publicKey, privateKey: { ...publicKey, d } as SigningKey }
}
