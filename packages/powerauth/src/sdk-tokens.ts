import type { Authentication } from './authentication.ts'
import type { LocalTokens } from './local-tokens.ts'
import type { PowerAuthTokenStore } from './token-store.ts'

/** Wraps the mobile SDK's token store. Its methods need their `this`, and it does not report changes. */
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
      await forgetting // otherwise the SDK would return the dead token
      return sdk.requestAccessToken(name, authentication)
    },
    forget(name, tokenIdentifier) {
      const turn = forgetting.then(() => forget(name, tokenIdentifier)).catch(() => undefined)
      forgetting = turn
      return turn // a missing token is fine
    },
    hasLocalToken: (name) => sdk.hasLocalToken(name),
    getLocalToken: (name) => sdk.getLocalToken(name),
    generateHeaderForToken: (name) => sdk.generateHeaderForToken(name),
    removeAccessToken: (name) => sdk.removeAccessToken(name),
    removeLocalToken: (name) => sdk.removeLocalToken(name),
    removeAllLocalTokens: () => sdk.removeAllLocalTokens(),
  }
}
