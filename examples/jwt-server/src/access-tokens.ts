import { randomUUID } from 'node:crypto'
import { errors, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import type { Session } from './sessions.ts'

/** Issuer and audience of the tokens. A server has to check both, or it accepts tokens for other services. */
const issuer = 'https://notes.example.com'
const audience = 'https://notes.example.com/api'
const algorithm = 'ES256'

/** The claims of a valid token. */
export interface Access {
  user: string
  sessionId: string
  scopes: ReadonlySet<string>
}

export interface AccessTokens {
  /** Lifetime of a token, in seconds. */
  readonly lifeS: number
  issue(session: Session): Promise<string>
  /** Returns the token's claims, or the reason why it is invalid; every client may see the reason. */
  verify(token: string): Promise<Access | string>
}

/**
 * Signed JWTs (RFC 9068), valid for a short time. A server that only verifies needs only the public key;
 * here one process has both keys, and loses them when it ends.
 */
export async function createAccessTokens(lifeS: number, now: () => number): Promise<AccessTokens> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm)
  const seconds = () => Math.floor(now() / 1000)
  return {
    lifeS,
    issue: ({ id, user, scopes }) =>
      new SignJWT({ scope: scopes.join(' '), sid: id })
        .setProtectedHeader({ alg: algorithm, typ: 'at+jwt' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(user)
        .setJti(randomUUID())
        .setIssuedAt(seconds())
        .setExpirationTime(seconds() + lifeS)
        .sign(privateKey),
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          algorithms: [algorithm], // never the algorithm that the token names
          typ: 'at+jwt',
          issuer,
          audience,
          requiredClaims: ['exp', 'sub', 'sid'],
          currentDate: new Date(now()),
        })
        const { sub: user = '', sid, scope } = payload
        return { user, sessionId: String(sid), scopes: new Set(String(scope).split(' ')) }
      } catch (error) {
        return error instanceof errors.JWTExpired
          ? 'The token has expired'
          : 'The token is not valid'
      }
    },
  }
}
