import type { NocoDB } from '@latchkey/nocodb'
import type { Call } from '../clients.ts'
import type { ServerCounts } from '../report.ts'

/** A server to run the demo against, and what may be done to it. */
export interface Target {
  /** What it is and who signs in, one line each. */
  readonly about: readonly string[]
  /** With a slash at the end. */
  readonly url: string
  /** How often each client sends, in milliseconds, and what it sends then. */
  readonly tickMs: number
  calls(tick: number): readonly Call[]
  /** A manager for the session. Everything it sends of its own goes through `fetch`. */
  connect(options: { fetch: typeof fetch }): NocoDB
  /** What has to work before it is worth sending anything else. */
  prepare?: (manager: NocoDB) => Promise<void>
  /** Makes the server refuse the session's access token. */
  revokeTokens?: () => void
  counts?: () => ServerCounts
  close(): Promise<void>
}
