/**
 * What auth did, on Node's diagnostics channels.
 *
 * @module
 */

import { channel } from 'node:diagnostics_channel'
import type { TimelineEntry } from './entries.ts'
import { record, type RecordedManager, type RecordOptions } from './record.ts'

/** Which channel tells of which entries. */
const CHANNELS: Record<TimelineEntry['kind'], string> = {
  waiting: 'latchkey:request',
  sent: 'latchkey:request',
  answered: 'latchkey:request',
  gaveUp: 'latchkey:request',
  renewed: 'latchkey:renewal',
  renewalFailed: 'latchkey:renewal',
  adopted: 'latchkey:renewal',
  signedOut: 'latchkey:session',
  storeFailed: 'latchkey:store',
}

/** What is published, and under which name. */
export interface DiagnosticsOptions extends RecordOptions {
  /** Goes with every message, to tell one manager from another. */
  name?: string
}

/** What subscribers of a channel get. */
export interface DiagnosticsMessage {
  /** The `name` that was given. */
  readonly name: string | undefined
  /** What happened. */
  readonly entry: TimelineEntry
}

/**
 * Publishes what a manager does on Node's diagnostics channels `latchkey:request`, `latchkey:renewal`,
 * `latchkey:session` and `latchkey:store`, where whoever monitors the process subscribes. Each message is
 * a `DiagnosticsMessage`; no token, query or user's name is in it. In Node, Bun, Deno and workerd.
 *
 * @returns Stops it, and leaves the manager as it was.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel'
 *
 * publishDiagnostics(manager, { name: 'crm' })
 * subscribe('latchkey:renewal', (message) => console.log(message))
 */
export function publishDiagnostics(
  manager: RecordedManager,
  { name, ...options }: DiagnosticsOptions = {},
): () => void {
  return record(manager, options, (entry) => {
    const message: DiagnosticsMessage = { name, entry }
    channel(CHANNELS[entry.kind]).publish(message)
  })
}
