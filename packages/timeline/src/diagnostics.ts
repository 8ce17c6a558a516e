/**
 * Publishes what a manager does on Node's diagnostics channels.
 *
 * @module
 */

import { channel } from 'node:diagnostics_channel'
import type { TimelineEntry } from './entries.ts'
import { record, type RecordedManager, type RecordOptions } from './record.ts'

/** The channel for each kind of entry. */
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

/** Options of publishDiagnostics(). */
export interface DiagnosticsOptions extends RecordOptions {
  /** Part of every message, to distinguish several managers. */
  name?: string
}

/** The message that subscribers of a channel receive. */
export interface DiagnosticsMessage {
  /** The `name` option. */
  readonly name: string | undefined
  /** The entry that was recorded. */
  readonly entry: TimelineEntry
}

/**
 * Publishes what a manager does on Node's diagnostics channels `latchkey:request`, `latchkey:renewal`,
 * `latchkey:session` and `latchkey:store`, for programs that monitor the process. Each message is a
 * `DiagnosticsMessage`. It never contains a token, a query or a user name. Works in Node, Bun, Deno and workerd.
 *
 * @returns A function that stops this and leaves the manager as it was.
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
