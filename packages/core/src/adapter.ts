/**
 * What adapters need: the two calls of a manager, and what every client uses to send a request safely, once or
 * twice.
 *
 * @module
 */
export { authorizedFetch } from './fetch/authorized-fetch.ts'
export { keepWithinOrigin } from './fetch/keep-within-origin.ts'
export { bodyFactory, isOneShot, snapshot, untilBodyFails } from './fetch/replayable.ts'
export { mayBeStored } from './fetch/response-view.ts'
export {
  Authorization,
  type Authorizer,
  type AuthorizeRequest,
  expectManager,
  isOwnedBy,
  markOwned,
  type RecoverOptions,
  type Whose,
} from './kernel/authorization.ts'
export { expectKnown } from './option-names.ts'
export { pageBase, parseUrl } from './origin.ts'
export { isThenable, untilAborted, withTimeLimit } from './waiting.ts'
