import { randomUUID } from 'node:crypto'
import { errors, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import type { Session } from './sessions.ts'

/** Who issues the tokens, and whom they are for. A server checks both, or takes tokens meant for others. */
const issuer = 'https://notes.example.com'
const audience = 'https://notes.example.com/api'
const algorithm = 'ES256'

/** What a good token says. */
export interface Access {
  user: string
  sessionId: string
  scopes: ReadonlySet<string>
}

export interface AccessTokens {
  /** How long a token is good, in seconds. */
  readonly lifeS: number
  issue(session: Session): Promise<string>
  /** What the token says, or why it is no good, in words that may be shown to anybody. */
  verify(token: string): Promise<Access | string>
}

/**
 * Signed JWTs (RFC 9068), valid for a short time. Whoever only verifies needs nothing but the public key;
 * here both live in one process, and end with it.
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
          algorithms: [algorithm], // never what the token itself says
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
