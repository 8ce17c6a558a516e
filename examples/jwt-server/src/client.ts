import { wrapFetch } from '@latchkey/fetch'
import { type JwtSession, type JwtSessionOptions, jwtSession } from '@latchkey/jwt'

export interface Client {
  session: JwtSession
  /** A `fetch` that stays signed in. */
  api: typeof fetch
}

/** A client of the API. It only needs the addresses of sign-in, refresh and sign-out. */
export function createClient(
  baseUrl: string,
  options: Pick<JwtSessionOptions, 'fetch' | 'clock' | 'store'> = {},
): Client {
  const session = jwtSession({
    baseUrl,
    signIn: '/auth/sign-in',
    refresh: '/auth/refresh',
    signOut: '/auth/sign-out',
    ...options,
  })
  const { fetch: send } = options
  return { session, api: wrapFetch(session, send && { fetch: send }) }
}
