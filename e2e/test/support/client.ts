import type { TokenManager } from '@latchkey/core'

export interface Call {
  method?: string
  headers?: Record<string, string>
  body?: unknown
  signal?: AbortSignal
}

/** How a call ended, whatever the client makes of a status. */
export interface Outcome {
  /** Absent when no server answered the caller. */
  status?: number
  text?: string
  /** The response or the error: what a caller would look at, print or hand to `explain()`. */
  result: unknown
  /** The client's own kind of error was thrown. */
  isOwnError?: boolean
}

export type Send = (path: string, call?: Call) => Promise<Outcome>

/** An HTTP client on one transport, attached to a manager the way its users do it. */
export interface Client {
  name: string
  /** Paths are relative to `base`, a URL without a slash at the end; absolute URLs are taken as such. */
  connect(manager: TokenManager, base: string): Send
  /** The same, with the manager attached twice. */
  connectTwice(manager: TokenManager, base: string): Send
  /** A body of this text that can be read once, of the kind the transport takes. */
  stream(text: string): object
  /** Whether `error` is what this client throws for an aborted signal. */
  isAbort(error: unknown): boolean
}

/** `path` under `base`, as a client without a base URL option needs it. */
export function under(base: string, path: string): string {
  return /^https?:/.test(path) ? path : `${base}/${path.replace(/^\//, '')}`
}

export function webStream(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream()
}
