/**
 * Stays signed in to any API that answers a sign-in with a token.
 *
 * @module
 */
export { type Challenge, parseChallenges } from './challenges.ts'
export { cookieScheme } from './cookies.ts'
export type {
  Endpoint,
  RefreshEndpoint,
  RefreshTokenPlace,
  SignOutEndpoint,
  TokenAnswer,
  TokenEndpoint,
} from './endpoint.ts'
export type { SignInAnswer } from '@latchkey/core/service'
export { type JwtSession, jwtSession } from './jwt-session.ts'
export type { Credentials, JwtSessionOptions } from './session-options.ts'
export type { CookiePlace } from './cookies.ts'
export type { Place, TokenPlace, TokenPlaces } from './token-place.ts'
