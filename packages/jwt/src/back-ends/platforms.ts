import type { ResponseView } from '@latchkey/core'
import { fieldOf, textAt } from '../answer.ts'
import { bearerChallenge } from './bearer-challenge.ts'
import { bodyOf } from './body.ts'

/**
 * PostgREST and Supabase's REST: 401 with `PGRST303` (older: `PGRST301`). Not when the token is missing
 * (`PGRST302`) or an anonymous request lacks the rights (`42501`).
 */
export async function postgRest(response: ResponseView): Promise<boolean> {
  if (response.status !== 401) return false
  return !['PGRST302', '42501'].includes(textAt(await bodyOf(response), 'code'))
}

/** Codes of Supabase Auth that end a token. */
const SUPABASE_AUTH = ['bad_jwt', 'session_not_found', 'session_expired']

/**
 * Supabase Auth: 403 with `bad_jwt`, in the header or in either shape of its body. A 401 is about the
 * project's API key, except on servers that have no codes yet.
 */
export async function supabaseAuth(response: ResponseView): Promise<boolean> {
  const { status, headers } = response
  if (status !== 401 && status !== 403) return false
  const header = headers.get('x-sb-error-code')
  if (header) return SUPABASE_AUTH.includes(header)
  const body = await bodyOf(response)
  const code = textAt(body, 'error_code') || textAt(body, 'code')
  if (code) return SUPABASE_AUTH.includes(code)
  return /^invalid JWT\b/i.test(textAt(body, 'msg'))
}

/**
 * Hasura: `invalid-jwt` among the errors of a 200, because GraphQL reports errors so (400 from its Relay
 * endpoint). This is why the start of every JSON answer with 200 is read.
 */
export async function hasura(response: ResponseView): Promise<boolean> {
  const { status, headers } = response
  if (![200, 400, 401].includes(status)) return false
  if (!headers.get('content-type')?.includes('json')) return false
  return textAt(await bodyOf(response), 'errors.0.extensions.code') === 'invalid-jwt'
}

/** Directus: 401 `TOKEN_EXPIRED` or `INVALID_CREDENTIALS`, 403 `INVALID_TOKEN`. */
export async function directus(response: ResponseView): Promise<boolean> {
  const { status } = response
  if (status !== 401 && status !== 403) return false
  const code = textAt(await bodyOf(response), 'errors.0.extensions.code')
  return ['TOKEN_EXPIRED', 'INVALID_TOKEN', 'INVALID_CREDENTIALS'].includes(code)
}

/** Strapi 3 to 5: every 401. No token, and missing rights, are a 403. */
export const strapi = bearerChallenge

/**
 * Appwrite, whose JWT goes in `X-Appwrite-JWT`: 401 `user_jwt_invalid`. Missing rights are a 401 as well,
 * of another type.
 */
export async function appwrite(response: ResponseView): Promise<boolean> {
  return response.status === 401 && textAt(await bodyOf(response), 'type') === 'user_jwt_invalid'
}

/** Auth0: the Management API, and your own API with Auth0's SDKs. */
export const auth0 = bearerChallenge

/** Keycloak: its own endpoints, and APIs that its adapters protect. */
export const keycloak = bearerChallenge

/** Google's reasons for a 401 that a new token of the same kind does not fix. */
const GOOGLE_OTHER = [
  'CREDENTIALS_MISSING',
  'ACCESS_TOKEN_TYPE_UNSUPPORTED',
  'ACCOUNT_STATE_INVALID',
]

/** Google APIs: 401 `UNAUTHENTICATED`, unless `details` name a reason that a new token does not fix. */
export async function google(response: ResponseView): Promise<boolean> {
  if (response.status !== 401) return false
  const details = fieldOf(await bodyOf(response), 'error.details')
  const reasons = [details].flat().map((detail) => textAt(detail, 'reason'))
  return !reasons.some((reason) => GOOGLE_OTHER.includes(reason))
}

/**
 * Firebase: 401 of the Realtime Database, whose rules answer `Permission denied` with the same status; 400
 * `INVALID_ID_TOKEN` or `TOKEN_EXPIRED` of Identity Toolkit.
 */
export async function firebase(response: ResponseView): Promise<boolean> {
  const { status } = response
  if (status !== 400 && status !== 401) return false
  const body = await bodyOf(response)
  const message = textAt(body, 'error.message')
  if (status === 400) return /^(INVALID_ID_TOKEN|TOKEN_EXPIRED)\b/.test(message)
  return textAt(body, 'error') !== 'Permission denied'
}
