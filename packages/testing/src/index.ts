/**
 * A NocoDB server without NocoDB, for tests.
 *
 * @module
 */
export type { NewTable, NewUser, NocoDBControl } from './nocodb/control.ts'
export type { NocoDBDoubleOptions } from './nocodb/double-options.ts'
export type { Fault, Hold } from './double/faults.ts'
export type { CredentialHeader, LoggedRequest, RequestCounts } from './nocodb/ledger.ts'
export type { NocoDBDouble } from './nocodb/nocodb-double.ts'
export { createNocoDBDouble } from './nocodb/nocodb-double.ts'
export type { RequestKind } from './nocodb/request-kind.ts'
export type { ServerVersion } from './nocodb/server-version.ts'
export { serverVersions } from './nocodb/server-version.ts'
