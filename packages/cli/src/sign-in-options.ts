import type { TokenManager } from '@latchkey/core'
import type { Allowances } from './allowances.ts'
import { nameOf, type Profile, type StoreKind } from './profile.ts'
import { readProfiles } from './profile-list.ts'

/** Options of `sign-in` and `sign-up`. */
export interface SignInOptions extends Allowances {
  service: Profile['service']
  /** The e-mail address or user name. */
  user?: string
  /** The password, the API token or the client secret is on stdin. */
  stdin?: boolean
  store: StoreKind
  name?: string
  json?: boolean
  /** The file with headers that a gateway needs with every request. */
  headersFile?: string
  /** The headers are saved with the session. */
  headers?: true
  /** Sends the sign-in with those headers. Absent: no headers. */
  fetch?: typeof fetch
  /** Takes over a session that began elsewhere. Its refresh token comes from stdin or a question. */
  refreshToken?: boolean
  /** NocoDB: an API token instead of e-mail and password. */
  apiToken?: boolean
  /** OAuth. */
  issuer?: string
  tokenEndpoint?: string
  clientId?: string
  scope?: string
  /** The user signs in with the browser of this machine. */
  browser?: boolean
  authorizationEndpoint?: string
  redirectUri?: string
  /** The user enters a code in any browser. */
  device?: boolean
  deviceEndpoint?: string
  /** The client signs in itself, by its secret. */
  clientCredentials?: boolean
  /** JWT. */
  signInPath?: string
  refreshPath?: string
  userField?: string
}

/** The `fetch` for a session's requests. Default: the platform's own `fetch`. */
export type Way = Pick<SignInOptions, 'fetch'>

/** Returns the fields that the profiles of all services have in common. */
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
 * Signs in, and throws the store's error if the session could not be stored, because it would end with this process.
 * A stored session that cannot be read is not an error, because the sign-in replaces it.
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
