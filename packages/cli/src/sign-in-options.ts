import type { TokenManager } from '@latchkey/core'
import type { Profile, StoreKind } from './profile.ts'

/** What `sign-in` and `sign-up` are told on the command line. */
export interface SignInOptions {
  service: Profile['service']
  /** The e-mail address or user name. */
  user?: string
  /** The password, the API token or the client secret is on stdin. */
  stdin?: boolean
  store: StoreKind
  name?: string
  json?: boolean
  /** NocoDB: an API token instead of e-mail and password. */
  apiToken?: boolean
  /** OAuth. */
  issuer?: string
  tokenEndpoint?: string
  clientId?: string
  scope?: string
  /** JWT. */
  signInPath?: string
  refreshPath?: string
  userField?: string
}

/** Signs in. A session that could not be stored would be lost with this process: that is a failure here. */
export async function expectStored(
  manager: TokenManager,
  enter: () => Promise<unknown>,
): Promise<void> {
  let failure: Error | undefined
  const off = manager.on('storeFailed', ({ error }) => {
    failure ??= error
  })
  await enter()
  off()
  if (failure) throw failure
}
