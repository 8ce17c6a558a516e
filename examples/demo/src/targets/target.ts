import type { NocoDB } from '@latchkey/nocodb'
import type { Call } from '../clients.ts'
import type { ServerCounts } from '../report.ts'

/** A server for the demo, and what the demo may do to it. */
export interface Target {
  /** The server and the user, one line each. */
  readonly about: readonly string[]
  /** With a slash at the end. */
  readonly url: string
  /** How often each client sends, in milliseconds, and which requests. */
  readonly tickMs: number
  calls(tick: number): readonly Call[]
  /** A manager for the session. It sends its own requests through `fetch`. */
  connect(options: { fetch: typeof fetch }): NocoDB
  /** Checks the server before the run starts. */
  prepare?: (manager: NocoDB) => Promise<void>
  /** Makes the server refuse the session's access token. */
  revokeTokens?: () => void
  counts?: () => ServerCounts
  close(): Promise<void>
}
