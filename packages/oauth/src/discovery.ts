/**
 * Finds options for `oauth()`: the authorization server of an API (RFC 9728), and a client id (RFC 7591).
 *
 * @module
 */
export type { LookupOptions } from './discovery/lookup.ts'
export {
  type RegisteredClient,
  registerClient,
  type RegistrationOptions,
} from './discovery/registration.ts'
export {
  discoverResource,
  type DiscoverOptions,
  type ProtectedResource,
} from './discovery/resource.ts'
