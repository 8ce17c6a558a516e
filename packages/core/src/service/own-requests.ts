import { isLatchkeyError, LatchkeyError } from '../errors.ts'
import { readPieces } from '../fetch/response-view.ts'
import { parseRetryAfter } from '../grant/retry-after.ts'
import { invalidOption } from '../option-names.ts'
import { isPage } from './foreign-answer.ts'
import { afterRunning, untilAborted } from '../waiting.ts'

/** An answer about tokens is shorter than this, in bytes. */
const MAX_BYTES = 2 ** 20

/**
 * Creates the `fetch` for a service's own requests, which contain secrets: sign-in, refresh, sign-out.
 *
 * - It returns an answer only with its complete body. An answer that breaks off or stalls is an error.
 * - It limits a request without a signal of its own to `renewTimeoutMs`, even if the given `fetch` ignores its
 * signal.
 * - It follows no redirect, because that would send the secrets along, and it uses no cache.
 *
 * @throws {LatchkeyError} `ERR_SERVER_UNAVAILABLE`, `ERR_REDIRECT_REFUSED`; `ERR_UNUSABLE_TOKEN` for a mebibyte or
 *   more.
 */
export function ownFetch(options: {
  fetch?: typeof fetch | undefined
  renewTimeoutMs?: number | undefined
}): typeof fetch {
  const { fetch: send = (input, init) => globalThis.fetch(input, init), renewTimeoutMs = 15_000 } =
    options
  if (typeof send !== 'function') {
    throw invalidOption('`fetch` must be a function.')
  }
  return async (input, init) => {
    const where = `${input as string | URL}`.replace(/[?#].*/s, '') // a query may contain secrets
    const limit = new AbortController()
    const stop = init?.signal ? undefined : afterRunning(renewTimeoutMs, () => limit.abort(late()))
    const signal = init?.signal ?? limit.signal
    const read = async (): Promise<Response> => {
      const request = { cache: 'no-store', ...init, redirect: 'manual', signal } as const
      const response = await send(input, request)
      refuseRedirect(where, response)
      return new Response((await readWhole(where, response)) || null, response)
    }
    try {
      return await untilAborted(read(), signal)
    } catch (cause) {
      if (isLatchkeyError(cause)) throw cause
      const { code } = ((cause as Error).cause ?? cause) as { code?: unknown } // the system's code, if Node reports it
      const why = typeof code === 'string' ? ` (${code})` : ''
      const message = `${where} could not be reached${why}, or did not answer in time.`
      throw new LatchkeyError('ERR_SERVER_UNAVAILABLE', message, { cause })
    } finally {
      stop?.()
    }
  }
}

/** Creates an error whose name shows core that the answer was lost. */
const late = () => Object.assign(new Error('The time limit was reached.'), { name: 'TimeoutError' })

function refuseRedirect(where: string, { type, status }: Response): void {
  if (type !== 'opaqueredirect' && (status < 300 || status > 399)) return
  throw new LatchkeyError(
    'ERR_REDIRECT_REFUSED',
    `A redirect from ${where} was not followed, because it would send secrets along. Configure the final address of the server.`,
  )
}

async function readWhole(where: string, response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return response.text() // React Native has no streams
  let text = ''
  if (await readPieces(reader, MAX_BYTES, (piece) => (text += piece))) return text
  reader.cancel().catch(() => undefined)
  // This code shows core that the refresh token may be used up, so that it does not present it again at once.
  throw new LatchkeyError('ERR_UNUSABLE_TOKEN', `${where} answered with a mebibyte or more.`)
}

/**
 * Creates the error for a failure that may pass, with the time that the server asked to wait.
 *
 * An answer that does not come from the API, such as a firewall's page, starts no cool-down, because the API has
 * not been asked.
 */
export function unavailable(said: string, { status, headers }: Response): LatchkeyError {
  const wait = headers.get('retry-after') ?? headers.get('x-retry-after')
  const retryAfterMs = parseRetryAfter(wait) ?? (status < 500 && isPage(headers) ? 0 : undefined)
  return new LatchkeyError('ERR_SERVER_UNAVAILABLE', said, { retryAfterMs, status })
}

/** Returns the JSON object in `text`, or an empty one. It inherits nothing. */
export function readObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && !Array.isArray(value)
    return Object.assign(Object.create(null), isObject && value)
  } catch {
    return Object.create(null)
  }
}
