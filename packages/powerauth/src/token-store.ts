import type { Authentication } from './authentication.ts'
import type { PowerAuthHeader } from './token-digest.ts'

/** A token without its secret. */
export interface NamedToken {
  tokenName: string
  tokenIdentifier: string
}

/**
 * Tokens by name: the surface of the PowerAuth mobile SDK's `tokenStore`, which is one. It never hands
 * out a secret, it only signs.
 */
export interface PowerAuthTokenStore<A extends Authentication = Authentication> {
  requestAccessToken(tokenName: string, authentication: A): Promise<NamedToken>
  hasLocalToken(tokenName: string): Promise<boolean>
  getLocalToken(tokenName: string): Promise<NamedToken>
  generateHeaderForToken(tokenName: string): Promise<PowerAuthHeader>
  removeAccessToken(tokenName: string): Promise<void>
  removeLocalToken(tokenName: string): Promise<void>
  removeAllLocalTokens(): Promise<void>
}
