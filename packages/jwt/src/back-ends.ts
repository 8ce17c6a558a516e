/**
 * Recognises how common back ends reject a token. Each export is an `isTokenRejected`. It reads a body only
 * if status and headers do not decide.
 *
 * @example
 * import { directus } from '@latchkey/jwt/back-ends'
 * jwtSession({ baseUrl, signIn: '/auth/login', token: 'data.access_token', isTokenRejected: directus })
 *
 * @module
 */
export { bearerChallenge } from './back-ends/bearer-challenge.ts'
export {
  djangoSimpleJwt,
  expressJwt,
  fastApi,
  laravel,
  nestJs,
  passport,
  plumber,
  springSecurity,
} from './back-ends/frameworks.ts'
export {
  appwrite,
  auth0,
  directus,
  firebase,
  google,
  hasura,
  keycloak,
  postgRest,
  strapi,
  supabaseAuth,
} from './back-ends/platforms.ts'
