import type { Authentication } from './authentication.ts'
import type { PowerAuthHeader } from './token-digest.ts'

/** A token without its secret. */
export interface NamedToken {
  /** The name that you chose. */
  tokenName: string
  /** The id from the server. */
  tokenIdentifier: string
}

/**
 * Tokens by name, with the methods of the PowerAuth mobile SDK's `tokenStore`, which fits this type. It signs, and
 * never shows a secret.
 */
export interface PowerAuthTokenStore<A extends Authentication = Authentication> {
  /** Returns the token of this name: the local one, or a new one from the server. */
  requestAccessToken(tokenName: string, authentication: A): Promise<NamedToken>
  /** Returns whether a local token of this name exists. */
  hasLocalToken(tokenName: string): Promise<boolean>
  /** Returns the local token of this name. Rejects if there is none. */
  getLocalToken(tokenName: string): Promise<NamedToken>
  /** Returns a header for one attempt of one request, signed with the local token. */
  generateHeaderForToken(tokenName: string): Promise<PowerAuthHeader>
  /** Removes the token at the server and here. */
  removeAccessToken(tokenName: string): Promise<void>
  /** Forgets the token here, not at the server. */
  removeLocalToken(tokenName: string): Promise<void>
  /** Forgets all tokens here, not at the server. */
  removeAllLocalTokens(): Promise<void>
}
