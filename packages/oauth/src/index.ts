export { type OAuth, oauth } from './oauth.ts'
export type { OAuthOptions } from './oauth-options.ts'
