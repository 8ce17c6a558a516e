import type { TokenManager } from '@latchkey/core'
import type { ConfiguredUser } from '@latchkey/core/service'
import type { Credentials } from './session-grants.ts'
import type { Server } from './wire.ts'

/** What the parts of a NocoDB manager share. */
export interface NocoDBContext {
  server: Server
  manager: TokenManager
  /** Whether an API token is used, and so there is no session. */
  hasApiToken: boolean
  /** Sends without a token, and with one. */
  plainFetch: typeof fetch
  fetch: typeof fetch
  /** Whose session this is, where somebody said so: no other one is taken from the store. */
  user: string | undefined
  /** Who signs in by password when nothing else is left, unless somebody else has signed in. */
  configured: Credentials | undefined
  configuredUser: ConfiguredUser<Credentials | undefined>
}

/** The same before there is a manager. */
export type Start = Omit<NocoDBContext, 'manager' | 'fetch'>
