import type { JwtSessionOptions } from '@latchkey/jwt'

const cookie = 'better-auth.session_token'
/** A body field of the sign-in and of nothing else. */
const isSignedIn = (body: unknown) => typeof body === 'object' && body !== null && 'user' in body

/** What users of better-auth tell `jwtSession()`, for each way of being signed in. */
export function betterAuthOptions(baseUrl: string) {
  // better-auth takes a request that names no origin for a forged one, once it has a cookie or is fetch's.
  const headers = { origin: baseUrl }
  const signIn = { path: '/api/auth/sign-in/email', headers }

  const bearer: JwtSessionOptions = {
    baseUrl,
    signIn,
    signOut: '/api/auth/sign-out',
    token: 'token',
  }
  const inCookie: JwtSessionOptions = {
    baseUrl,
    signIn,
    signOut: { path: '/api/auth/sign-out', headers },
    token: { cookie },
  }
  const prolonged: JwtSessionOptions = {
    ...inCookie,
    refresh: {
      path: '/api/deferred/get-session',
      headers,
      rejected: ({ status, body }) => status === 401 || body === null,
    },
    refreshToken: { cookie },
  }
  const jwt: JwtSessionOptions = {
    baseUrl,
    signIn,
    refresh: { path: '/api/auth/token', method: 'GET', send: 'bearer' },
    signOut: { path: '/api/auth/sign-out', send: 'bearer' },
    token: 'token',
    // What the sign-in answers with is the session: good for JWTs, and none itself.
    refreshToken: (body) => (isSignedIn(body) ? (body as { token?: unknown }).token : undefined),
    expiresIn: (body) => (isSignedIn(body) ? 0 : undefined),
  }
  return { bearer, inCookie, prolonged, jwt }
}
