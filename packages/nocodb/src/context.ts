import type { TokenManager } from '@latchkey/core'
import type { ConfiguredUser } from '@latchkey/core/service'
import type { Credentials } from './session-grants.ts'
import type { Server } from './wire.ts'

/** State shared by the parts of a NocoDB manager. */
export interface NocoDBContext {
  server: Server
  manager: TokenManager
  /** Whether an API token is used, so that there is not a session. */
  hasApiToken: boolean
  /** Send without a token, and with one. */
  plainFetch: typeof fetch
  fetch: typeof fetch
  /** The session's user, if configured or signed in. Another user's session in the store is not used. */
  user: string | undefined
  /** The credentials to sign in with as the last resort; unset while another user is signed in. */
  configured: Credentials | undefined
  configuredUser: ConfiguredUser<Credentials | undefined>
}

/** The same state before the manager is made. */
export type Start = Omit<NocoDBContext, 'manager' | 'fetch'>
