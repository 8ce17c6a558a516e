import { memoryStore, type TokenStore } from '@latchkey/core'
import { jwtDecode } from 'jwt-decode'
import { askSecret, readSecret } from './ask.ts'

/** The refresh token of a session that began in a browser or on another machine: from stdin, or asked for. */
export const askRefreshToken = ({ stdin }: { stdin?: boolean }): Promise<string> =>
  stdin
    ? readSecret('refresh token')
    : askSecret('Refresh token', '--stdin, with the refresh token on stdin')

/**
 * A store of this process that holds nothing but a refresh token: what a manager has to renew at once. So a token that
 * the server refuses touches no session that is saved.
 */
export async function holding(refreshToken: string, name: string): Promise<TokenStore> {
  const store = memoryStore()
  await store.setToken({ accessToken: 'expired', refreshToken, expiresAt: 1 }, name)
  return store
}

/**
 * Makes sure that a session can be kept before a refresh token is spent, or somebody sent to a browser, for one.
 *
 * @throws What the store throws.
 */
export async function expectKeepable(store: TokenStore): Promise<void> {
  const name = 'latchkey (being signed in to)'
  await store.setToken({ accessToken: 'none' }, name)
  await store.removeToken(name)
}

/** Whom a token is about, as far as it says so: for people to read, and for nothing else. */
export function subjectOf(token: string | undefined): string | undefined {
  try {
    const claims = jwtDecode<Record<string, unknown>>(token ?? '')
    const names = ['email', 'preferred_username', 'username', 'name', 'sub'].map(
      (name) => claims[name],
    )
    return names.find((name) => typeof name === 'string' && name !== '') as string | undefined
  } catch {
    return undefined
  }
}
