/**
 * What services are made of: a manager that also signs out at its server, and the requests to that server.
 *
 * @module
 */
export { parseRetryAfter } from './grant/retry-after.ts'
export { managerOptions } from './manager-options.ts'
export { expectKnown, type OptionNames } from './option-names.ts'
export { mayCarrySecrets, parseUrl } from './origin.ts'
export { redact } from './redact.ts'
export { type ConfiguredUser, configuredUser } from './service/configured-user.ts'
export { extendManager } from './service/extend-manager.ts'
export { ownFetch, readObject, unavailable } from './service/own-requests.ts'
export {
  createServiceManager,
  type Revocation,
  type ServiceManager,
} from './service/service-manager.ts'
export { isThenable, untilAborted } from './waiting.ts'
