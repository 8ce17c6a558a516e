import type { TokenManager } from '../token-manager.ts'

/**
 * `manager` with methods of a service's own, in place of those of the same name. Not by spreading it, which would keep
 * `state` as it is at that moment.
 *
 * @group For adapters and services
 */
export function extendManager<Service extends object>(
  manager: Pick<Service, keyof Service & keyof TokenManager> | TokenManager,
  own: Omit<Service, keyof TokenManager> & Partial<Service>,
): Service {
  const ours = Object.getOwnPropertyDescriptors(own)
  const all = { ...Object.getOwnPropertyDescriptors(manager), ...ours }
  return Object.defineProperties({}, all) as Service
}
