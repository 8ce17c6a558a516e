/**
 * Stays signed in to NocoDB, from 0.262 to 2026.
 *
 * @module
 */
export type { NocoDBAccount, User } from './account.ts'
export type { ApiToken, ApiTokens } from './api-tokens.ts'
export { nocodbFromEnv } from './from-env.ts'
export type { SignInAnswer } from '@latchkey/core/service'
export { type NocoDB, nocodb } from './nocodb.ts'
export type { NocoDBOptions } from './nocodb-options.ts'
export type { NewUser, NocoDBSession } from './session.ts'
export type { Credentials } from './session-grants.ts'
