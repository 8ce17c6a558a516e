/**
 * What services need: a manager that also signs out at its server, requests to that server, and checked options.
 *
 * @module
 */
export { causesOf } from './errors.ts'
export { managerOptions, type ServiceOptions, serviceOptions } from './manager-options.ts'
export { expectKnown, invalidOption, type OptionNames } from './option-names.ts'
export { mayCarrySecrets, parseAddress } from './origin.ts'
export { redact, redactAll } from './redact.ts'
export { type ConfiguredUser, configuredUser } from './service/configured-user.ts'
export { extendManager } from './service/extend-manager.ts'
export { isForeignAnswer } from './service/foreign-answer.ts'
export { ownFetch, readObject, unavailable } from './service/own-requests.ts'
export { createServiceManager, type Revocation } from './service/service-manager.ts'
export type { SignInAnswer } from './service/sign-in-answer.ts'
export { isSignedIn } from './service/signed-in.ts'
export { throwIfAborted, untilAborted } from './waiting.ts'
