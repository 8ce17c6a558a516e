/**
 * Stays signed in with an OAuth 2.0 server.
 *
 * @module
 */
export { type OAuth, oauth } from './oauth.ts'
export type { OAuthOptions } from './oauth-options.ts'
export type { GrantParameters, OAuthGrant } from './requested-grant.ts'
