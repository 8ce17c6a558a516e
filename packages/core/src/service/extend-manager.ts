import type { TokenManager } from '../token-manager.ts'

/**
 * Returns `manager` with a service's own methods, which replace those of the same name. Spreading the manager
 * would instead keep the `state` of that moment.
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
