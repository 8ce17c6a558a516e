import type { Authorizer } from '../kernel/authorization.ts'

/** Where a wrapped fetch tells whose it is. Registered, so that two copies of core agree. */
const ownerKey = Symbol.for('latchkey.owner')

/**
 * Marks `wrapper` as `manager`'s, so that attaching twice does not inject twice.
 *
 * @group For adapters and services
 */
export function markOwned<T extends object>(wrapper: T, manager: Authorizer): T {
  return Object.defineProperty(wrapper, ownerKey, { value: manager })
}

/**
 * Whether `value` is a wrapper that already serves `manager`.
 *
 * @group For adapters and services
 */
export function isOwnedBy(value: unknown, manager: Authorizer): boolean {
  return typeof value === 'function' && (value as { [ownerKey]?: Authorizer })[ownerKey] === manager
}
