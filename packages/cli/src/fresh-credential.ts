import { jwtDecode } from 'jwt-decode'
import type { TokenManager } from '@latchkey/core'
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
  const { accessToken: token, expiresAt } = await freshTokens(manager)
  const { headers } = await manager.authorize({ url, method: 'GET' })
  const [header] = Object.entries(headers)
  if (header) return { token, expiresAt, header }
  throw new Error(`No token goes to ${url}.`)
}

async function freshTokens(manager: TokenManager) {
  const tokens = await manager.getTokens()
  const { accessToken, expiresAt = Infinity } = tokens
  if (expiresAt - Date.now() >= enoughMs(accessToken)) return tokens
  // Others may ask for the same at once. Who comes second finds the first one's token in the store.
  await manager.refresh().catch(() => undefined)
  return manager.getTokens()
}

function enoughMs(accessToken: string): number {
  try {
    const { iat, exp } = jwtDecode(accessToken)
    const lifeMs = (Number(exp) - Number(iat)) * 1000
    if (lifeMs > 0) return Math.min(lifeMs / 5, PLENTY_MS)
  } catch {
    // Opaque: its life is not in it.
  }
  return ENOUGH_MS
}
