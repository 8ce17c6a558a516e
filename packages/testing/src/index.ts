/**
 * Test doubles of servers that need no real server: NocoDB, OAuth 2.0, and REST APIs that answer a sign-in with a JWT.
 *
 * @module
 */
export type { DoubleFetch } from './double/answering.ts'
export type { DoubleControl } from './double/double-control.ts'
export type { Fault, Hold } from './double/faults.ts'
export type { JwtControl } from './jwt/jwt-control.ts'
export type { JwtDouble } from './jwt/jwt-double.ts'
export { createJwtDouble } from './jwt/jwt-double.ts'
export type { JwtCounts, JwtRequestKind, LoggedJwtRequest } from './jwt/jwt-ledger.ts'
export type { JwtCaller, JwtDoubleOptions, JwtPlace } from './jwt/jwt-options.ts'
export type { NewTable, NewUser, NocoDBControl } from './nocodb/control.ts'
export type { NocoDBDoubleOptions } from './nocodb/double-options.ts'
export type { CredentialHeader, LoggedRequest, RequestCounts } from './nocodb/ledger.ts'
export type { NocoDBDouble } from './nocodb/nocodb-double.ts'
export { createNocoDBDouble } from './nocodb/nocodb-double.ts'
export type { RequestKind } from './nocodb/request-kind.ts'
export type { ServerVersion } from './nocodb/server-version.ts'
export { serverVersions } from './nocodb/server-version.ts'
export type { NewClient } from './oauth/clients.ts'
export type { OAuthRequestKind } from './oauth/endpoints.ts'
export type { NewSession, OAuthControl } from './oauth/oauth-control.ts'
export type { OAuthDouble } from './oauth/oauth-double.ts'
export { createOAuthDouble } from './oauth/oauth-double.ts'
export type { LoggedOAuthRequest, OAuthCounts } from './oauth/oauth-ledger.ts'
export type { ApiCaller, OAuthDoubleOptions } from './oauth/oauth-options.ts'
export type { Demand } from './oauth/oauth-world.ts'
