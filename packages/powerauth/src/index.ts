/**
 * Named, signed tokens of a PowerAuth server.
 *
 * @module
 */
export type { Authentication, Factors } from './authentication.ts'
export { type PowerAuth, powerAuth } from './power-auth.ts'
export type {
  CreatedTokensOptions,
  KnownTokenOptions,
  PowerAuthOptions,
  SdkOptions,
} from './power-auth-options.ts'
export type { AskServerTime, TimeQuestion } from './server-time.ts'
export type { PowerAuthHeader, PowerAuthToken, PowerAuthVersion, TokenMac } from './token-digest.ts'
export type { NamedToken, PowerAuthTokenStore } from './token-store.ts'
