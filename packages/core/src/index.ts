/**
 * The token manager. It obtains one token set, renews it once for all requests, keeps it in a store, sends it to
 * its own origins only, and forgets it.
 *
 * @module
 */
export type { Clock } from './clock.ts'
export {
  GrantDeferredError,
  GrantRejectedError,
  isLatchkeyError,
  LatchkeyError,
  type LatchkeyErrorCode,
} from './errors.ts'
export type { Listener, ManagerEvents, ManagerState } from './events.ts'
export { replayable } from './fetch/replayable.ts'
export type { ResponseView } from './fetch/response-view.ts'
export { apiToken, type Grant, type GrantContext } from './grant/grant.ts'
export type { TokenManagerOptions } from './manager-options.ts'
export { bearer, headerScheme, type Scheme } from './scheme/scheme.ts'
export { type MaybePromise, memoryStore, type TokenStore } from './store/token-store.ts'
export { createTokenManager, type TokenManager } from './token-manager.ts'
export type { TokenSet } from './token-set.ts'
