/**
 * The token manager: obtains one token set, renews it once for everybody, keeps it in a store, hands it
 * out to its origins only, and forgets it.
 *
 * @module
 */
export { Authorization, type AuthorizeRequest } from './authorization.ts'
export { authorizedFetch, isOwnedBy, markOwned } from './authorized-fetch.ts'
export { type Authorizer, expectManager, type RecoverOptions } from './authorizer.ts'
export type { Clock } from './clock.ts'
export { type ConfiguredUser, configuredUser } from './configured-user.ts'
export {
  GrantRejectedError,
  isLatchkeyError,
  LatchkeyError,
  type LatchkeyErrorCode,
} from './errors.ts'
export type { Listener, ManagerEvents } from './events.ts'
export { apiToken, type Grant, type GrantContext } from './grant.ts'
export { managerOptions, type TokenManagerOptions } from './manager-options.ts'
export { expectKnown, type OptionNames } from './option-names.ts'
export { mayCarrySecrets, parseUrl } from './origin.ts'
export { ownFetch, readObject, redact, unavailable } from './own-requests.ts'
export { keepWithinOrigin } from './redirects.ts'
export { bodyFactory, isOneShot, replayable, snapshot } from './replayable.ts'
export { isCredentialDropped, mayBeStored, type ResponseView } from './response-view.ts'
export { parseRetryAfter } from './retry-after.ts'
export { bearer, headerScheme, type Scheme } from './scheme.ts'
export {
  createServiceManager,
  type Revocation,
  type ServiceManager,
} from './service-manager.ts'
export { createTokenManager, type TokenManager } from './token-manager.ts'
export type { TokenSet } from './token-set.ts'
export { type MaybePromise, memoryStore, type TokenStore } from './token-store.ts'
export { untilAborted } from './waiting.ts'
