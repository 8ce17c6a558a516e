import { memoryStore, type TokenStore } from '@latchkey/core'
import { jwtDecode } from 'jwt-decode'
import { askSecret, readSecret } from './ask.ts'

/** Obtains the refresh token of a session that began elsewhere: from stdin, or by asking the user. */
export const askRefreshToken = ({ stdin }: { stdin?: boolean }): Promise<string> =>
  stdin
    ? readSecret('refresh token')
    : askSecret('Refresh token', '--stdin, with the refresh token on stdin')

/**
 * Returns a store in memory with this refresh token and an expired access token, so that a manager renews at once.
 * If the server rejects the refresh token, the saved sessions stay as they are.
 */
export async function holding(refreshToken: string, name: string): Promise<TokenStore> {
  const store = memoryStore()
  await store.setToken({ accessToken: 'expired', refreshToken, expiresAt: 1 }, name)
  return store
}

/**
 * Makes sure that the store can be written. Call this before a refresh token is spent or a browser opens, because
 * the session would be lost afterwards.
 *
 * @throws What the store throws.
 */
export async function expectKeepable(store: TokenStore): Promise<void> {
  const name = 'latchkey (being signed in to)'
  await store.setToken({ accessToken: 'none' }, name)
  await store.removeToken(name)
}

/** Returns the user that a JWT names, to be shown to people only. The signature is not checked. */
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
