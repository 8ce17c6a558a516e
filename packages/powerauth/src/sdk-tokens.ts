import type { Authentication } from './authentication.ts'
import type { LocalTokens } from './local-tokens.ts'
import type { PowerAuthTokenStore } from './token-store.ts'

/** The mobile SDK's token store as ours. Its methods need their `this`, and it tells of no change. */
export function createSdkTokens<A extends Authentication>(
  sdk: PowerAuthTokenStore<A>,
): LocalTokens<A> {
  let forgetting: Promise<unknown> = Promise.resolve()

  async function forget(name: string, tokenIdentifier: string): Promise<void> {
    const local = await sdk.getLocalToken(name)
    if (local.tokenIdentifier === tokenIdentifier) await sdk.removeLocalToken(name)
  }

  return {
    async obtain(name, authentication) {
      await forgetting // or the SDK would answer with the dead one
      return sdk.requestAccessToken(name, authentication)
    },
    forget(name, tokenIdentifier) {
      const turn = forgetting.then(() => forget(name, tokenIdentifier)).catch(() => undefined)
      forgetting = turn
      return turn // that there is none is as good
    },
    hasLocalToken: (name) => sdk.hasLocalToken(name),
    getLocalToken: (name) => sdk.getLocalToken(name),
    generateHeaderForToken: (name) => sdk.generateHeaderForToken(name),
    removeAccessToken: (name) => sdk.removeAccessToken(name),
    removeLocalToken: (name) => sdk.removeLocalToken(name),
    removeAllLocalTokens: () => sdk.removeAllLocalTokens(),
  }
}
