import { LatchkeyError } from '@latchkey/core'
import { type OptionNames, ownFetch } from '@latchkey/core/service'
import type { Exchange } from '../sending.ts'

/** Options of a request to a server. */
export interface LookupOptions {
  /** Sends the requests. Default: the platform's `fetch`. */
  fetch?: typeof fetch | undefined
  /** Allows plain http beyond this machine. Default: false. */
  allowInsecure?: boolean | undefined
  /** Aborts the request with the signal's own reason. Without it, each request has a limit of 15 s. */
  signal?: AbortSignal | undefined
}

export const lookupOptions: OptionNames<LookupOptions> = {
  fetch: 'function',
  allowInsecure: true,
  signal: true,
}

export function exchangeOf({ fetch, signal }: LookupOptions): Exchange {
  return { fetch: ownFetch({ fetch }), ...(signal && { signal }) }
}

export const unexpected = (message: string) => new LatchkeyError('ERR_UNEXPECTED_ANSWER', message)
