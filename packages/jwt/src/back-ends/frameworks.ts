import type { ResponseView } from '@latchkey/core'
import { textAt } from '../answer.ts'
import { bearerChallenge } from './bearer-challenge.ts'
import { bodyOf } from './body.ts'

/**
 * express-jwt: every 401 is about the token (expired, forged, revoked). For missing rights the application
 * answers 403.
 */
export const expressJwt = bearerChallenge

/**
 * passport, with passport-jwt or passport-http-bearer: `Unauthorized` as text, and one challenge for each
 * strategy that failed.
 */
export const passport = bearerChallenge

/** NestJS's guards: 401 `{"message":"Unauthorized","statusCode":401}`; missing rights are a 403. */
export const nestJs = bearerChallenge

/** Spring Security's resource server: an empty 401 with a full challenge, 403 `insufficient_scope`. */
export const springSecurity = bearerChallenge

/**
 * FastAPI. Its documentation answers 401 `Not enough permissions` to missing scopes too, and its project
 * template 403 `Could not validate credentials` to a token that cannot be read.
 */
export async function fastApi(response: ResponseView): Promise<boolean> {
  const { status } = response
  if (status !== 401 && status !== 403) return false
  const detail = textAt(await bodyOf(response), 'detail')
  return status === 401
    ? detail !== 'Not enough permissions' && bearerChallenge(response)
    : detail === 'Could not validate credentials'
}

/**
 * Django REST framework with Simple JWT: by `code`. With `SessionAuthentication` as its first class the
 * framework answers 403 in place of 401.
 */
export async function djangoSimpleJwt(response: ResponseView): Promise<boolean> {
  const { status } = response
  if (status !== 401 && status !== 403) return false
  const code = textAt(await bodyOf(response), 'code')
  return status === 401 ? code !== 'bad_authorization_header' : code === 'token_not_valid'
}

/**
 * Laravel, with Sanctum or Passport: 401 `Unauthenticated.`. A 419 is about a form's CSRF token. Send
 * `Accept: application/json`, or Laravel redirects to its login page instead.
 */
export const laravel = bearerChallenge

/**
 * plumber, with sealr or a similar filter. It answers missing rights and a dead token alike. So a request
 * without the rights is sent twice; the caller gets its second 401, and the session is kept. A rejected
 * sign-in has its own message.
 */
export async function plumber(response: ResponseView): Promise<boolean> {
  if (response.status !== 401) return false
  return textAt(await bodyOf(response), 'message') !== 'User or password wrong.'
}
