import { jwtDecode } from 'jwt-decode'
import type { TokenManager, TokenSet } from '@latchkey/core'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'
import type { Session } from './session.ts'

/** What a program outside of this process takes to be signed in. */
export interface Credential {
  token: string
  /** In epoch milliseconds; absent when nobody knows. */
  expiresAt?: number | undefined
  /** The header that signs in a request: its name and its value. */
  header: readonly [name: string, value: string]
}

/** What a token whose life nobody knows should still have before it, in milliseconds. */
const ENOUGH_MS = 10_000
/** No token has to have more than this before it, in milliseconds. */
const PLENTY_MS = 60_000

/**
 * A token that outlives its handing over. Nobody renews it once it is out of our hands, so one with less
 * than a fifth of its life before it (but a minute will do) is renewed first. While that fails, the old one
 * is given as long as it lasts.
 */
export async function freshCredential({ manager, url }: Session): Promise<Credential> {
  const { token = '', expiresAt } = await freshToken(manager, accessTokenIn)
  const { headers } = await manager.authorize({ url, method: 'GET' })
  const [header] = Object.entries(headers)
  if (header) return { token, expiresAt, header }
  throw new Error(`The session's token may not be sent to ${url}.`)
}

/**
 * The ID token of a person's session (OpenID Connect), under the same rule.
 *
 * @throws {Failure} When there is none, or it has expired and a renewal brought no other.
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
  // Others may ask for the same at once. Who comes second finds the first one's token in the store.
  await manager.refresh().catch(() => undefined)
  return pick(await manager.getTokens())
}

function enoughMs(token: string | undefined): number {
  const { iat, exp } = claimsOf(token)
  const lifeMs = (exp - iat) * 1000
  return lifeMs > 0 ? Math.min(lifeMs / 5, PLENTY_MS) : ENOUGH_MS
}

/** NaN where a token does not say, as an opaque one. */
function claimsOf(token = ''): { iat: number; exp: number } {
  try {
    const { iat, exp } = jwtDecode(token)
    return { iat: Number(iat), exp: Number(exp) }
  } catch {
    return { iat: Number.NaN, exp: Number.NaN }
  }
}
