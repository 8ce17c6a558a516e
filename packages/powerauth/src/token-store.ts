import type { Authentication } from './authentication.ts'
import type { PowerAuthHeader } from './token-digest.ts'

/** A token without its secret. */
export interface NamedToken {
  /** The name that you gave it. */
  tokenName: string
  /** The id that the server gave it. */
  tokenIdentifier: string
}

/**
 * Tokens by name: the surface of the PowerAuth mobile SDK's `tokenStore`, which is one. It never hands
 * out a secret, it only signs.
 */
export interface PowerAuthTokenStore<A extends Authentication = Authentication> {
  /** The token of this name: the local one, or a new one from the server. */
  requestAccessToken(tokenName: string, authentication: A): Promise<NamedToken>
  /** Whether there is a local token of this name. */
  hasLocalToken(tokenName: string): Promise<boolean>
  /** The local token of this name. Rejects when there is none. */
  getLocalToken(tokenName: string): Promise<NamedToken>
  /** A header for one attempt of one request, signed with the local token. */
  generateHeaderForToken(tokenName: string): Promise<PowerAuthHeader>
  /** Removes the token at the server and here. */
  removeAccessToken(tokenName: string): Promise<void>
  /** Forgets the token here; the server is not told. */
  removeLocalToken(tokenName: string): Promise<void>
  /** Forgets all tokens here; the server is not told. */
  removeAllLocalTokens(): Promise<void>
}
