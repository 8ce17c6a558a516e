import {
  createTokenManager,
  GrantRejectedError,
  headerScheme,
  memoryStore,
  type Grant,
  type TokenManager,
  type TokenManagerOptions,
} from '@latchkey/core'
import { CANARY, type World } from './world.ts'

/** Asks the world for a token, with whatever `fetch` the manager gives. */
export function renewalGrant(world: World): Grant {
  return {
    name: 'renewal',
    async request({ fetch, signal }) {
      const response = await fetch(`${world.api}/renew`, { method: 'POST', signal })
      if (response.status === 400) {
        throw new GrantRejectedError('Wrong password.', { code: 'ERR_WRONG_PASSWORD' })
      }
      if (!response.ok) throw new Error(`The renewal was answered ${response.status}.`)
      return (await response.json()) as { accessToken: string }
    },
  }
}

/** A manager of `world`'s `api` without a token yet. */
export function freshManager(
  world: World,
  options: Partial<TokenManagerOptions> = {},
): TokenManager {
  return createTokenManager({
    origin: new URL(world.api).origin,
    scheme: headerScheme('xc-auth'),
    grants: [renewalGrant(world)],
    ...options,
  })
}

/** A manager that holds a token which the server no longer accepts. */
export async function staleManager(
  world: World,
  options: Partial<TokenManagerOptions> = {},
): Promise<TokenManager> {
  const store = memoryStore()
  await store.setToken({ accessToken: `${CANARY}-stale` }, 'session')
  return freshManager(world, { store, name: 'session', ...options })
}
