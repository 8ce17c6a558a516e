import type { TokenManager } from '@latchkey/core'
import type { Allowances } from './allowances.ts'
import { nameOf, type Profile, type StoreKind } from './profile.ts'
import { readProfiles } from './profile-list.ts'

/** What `sign-in` and `sign-up` are told on the command line. */
export interface SignInOptions extends Allowances {
  service: Profile['service']
  /** The e-mail address or user name. */
  user?: string
  /** The password, the API token or the client secret is on stdin. */
  stdin?: boolean
  store: StoreKind
  name?: string
  json?: boolean
  /** Headers that a gateway wants with every request. */
  headersFile?: string
  /** They are kept with the session. */
  headers?: true
  /** What sends the sign-in, where it takes headers. */
  fetch?: typeof fetch
  /** A session that began elsewhere: its refresh token is asked for, or is on stdin. */
  refreshToken?: boolean
  /** NocoDB: an API token instead of e-mail and password. */
  apiToken?: boolean
  /** OAuth. */
  issuer?: string
  tokenEndpoint?: string
  clientId?: string
  scope?: string
  /** A person signs in with the browser of this machine. */
  browser?: boolean
  authorizationEndpoint?: string
  redirectUri?: string
  /** A person signs in with a code, in any browser. */
  device?: boolean
  deviceEndpoint?: string
  /** The client signs in itself, by its secret. */
  clientCredentials?: boolean
  /** JWT. */
  signInPath?: string
  refreshPath?: string
  userField?: string
}

/** What sends a session's requests. Default: the platform's own `fetch`. */
export type Way = Pick<SignInOptions, 'fetch'>

/** What the profiles of all services have in common. */
export async function aboutSession(url: string, user: string, options: SignInOptions) {
  const { name, store, allowInsecure, headers } = options
  return {
    name: name ?? nameOf(await readProfiles(), { url, user }),
    url,
    user,
    store,
    ...(allowInsecure && { allowInsecure }),
    ...(headers && { headers }),
  }
}

/**
 * Signs in. A session that could not be stored would be lost with this process: that is a failure here. What
 * lay in its place may be anything.
 */
export async function expectStored(
  manager: TokenManager,
  enter: () => Promise<unknown>,
): Promise<void> {
  let failure: Error | undefined
  const off = manager.on('storeFailed', ({ operation, error }) => {
    if (operation === 'set') failure ??= error
  })
  await enter()
  off()
  if (failure) throw failure
}
