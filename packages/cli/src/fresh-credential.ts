import { jwtDecode } from 'jwt-decode'
import type { TokenManager, TokenSet } from '@latchkey/core'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'
import type { Session } from './session.ts'

/** A token for another program, with the header that carries it. */
export interface Credential {
  token: string
  /** In epoch milliseconds. Absent: unknown. */
  expiresAt?: number | undefined
  /** The header that signs in a request. */
  header: readonly [name: string, value: string]
}

/** Time that a token of unknown lifetime must have left, in milliseconds. */
const ENOUGH_MS = 10_000
/** The most time that any token must have left, in milliseconds. */
const PLENTY_MS = 60_000

/**
 * Returns a token that stays valid for a while, because the other program cannot renew it. A token with less than
 * a fifth of its life left, and less than a minute, is renewed first. If that fails, the old token is returned until
 * it expires.
 */
export async function freshCredential({ manager, url }: Session): Promise<Credential> {
  const { token = '', expiresAt } = await freshToken(manager, accessTokenIn)
  const { headers } = await manager.authorize({ url, method: 'GET' })
  const [header] = Object.entries(headers)
  if (header) return { token, expiresAt, header }
  throw new Error(`The session's token may not be sent to ${url}.`)
}

/**
 * Returns the ID token of a user's session (OpenID Connect), by the same rule.
 *
 * @throws {Failure} When the session has no ID token, or it has expired and the renewal returned no other.
 */
export async function freshIdToken({ manager }: Session): Promise<Credential> {
  const { token, expiresAt = Infinity } = await freshToken(manager, idTokenIn)
  if (token === undefined) {
    throw needsSignIn('The session has no ID token. Sign in again, with --scope "openid …"')
  }
  if (expiresAt <= Date.now()) {
    throw needsSignIn('The ID token has expired, and the server did not renew it. Sign in again')
  }
  return { token, expiresAt, header: ['authorization', `Bearer ${token}`] }
}

const needsSignIn = (message: string) => new Failure(ExitCode.signedOut, `${message}.`)

/** A token of a token set, and when it expires. */
type PickToken = (tokens: TokenSet) => {
  token?: string | undefined
  expiresAt?: number | undefined
}

const accessTokenIn: PickToken = ({ accessToken, expiresAt }) => ({ token: accessToken, expiresAt })
const idTokenIn: PickToken = ({ idToken }) => {
  const { exp } = claimsOf(idToken)
  return { token: idToken, expiresAt: Number.isFinite(exp) ? exp * 1000 : undefined }
}

async function freshToken(manager: TokenManager, pick: PickToken): Promise<ReturnType<PickToken>> {
  const picked = pick(await manager.getTokens())
  const { token, expiresAt = Infinity } = picked
  if (expiresAt - Date.now() >= enoughMs(token)) return picked
  // Several processes may renew at once. The first one stores its token; the others read that from the store.
  await manager.refresh().catch(() => undefined)
  return pick(await manager.getTokens())
}

function enoughMs(token: string | undefined): number {
  const { iat, exp } = claimsOf(token)
  const lifeMs = (exp - iat) * 1000
  return lifeMs > 0 ? Math.min(lifeMs / 5, PLENTY_MS) : ENOUGH_MS
}

/** NaN where the token has no such claim, or is not a JWT. */
function claimsOf(token = ''): { iat: number; exp: number } {
  try {
    const { iat, exp } = jwtDecode(token)
    return { iat: Number(iat), exp: Number(exp) }
  } catch {
    return { iat: Number.NaN, exp: Number.NaN }
  }
}
