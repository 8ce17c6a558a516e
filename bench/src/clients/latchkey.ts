import { bearer, createTokenManager, type TokenManager } from '@latchkey/core'
import type { World } from '../worlds/world.ts'

/** A manager that is signed in. */
export async function signedIn({ origin, tokens, renew }: World): Promise<TokenManager> {
  const manager = createTokenManager({
    origin,
    scheme: bearer(),
    grants: [{ name: 'bench', request: () => renew() }],
  })
  await manager.setTokens(tokens)
  return manager
}
