import { isLatchkeyError, LatchkeyError } from '../errors.ts'
import { readPieces } from '../fetch/response-view.ts'
import { parseRetryAfter } from '../grant/retry-after.ts'
import { invalidOption } from '../option-names.ts'
import { isPage } from './foreign-answer.ts'
import { afterRunning, untilAborted } from '../waiting.ts'

/** No answer about tokens is as long, in bytes. */
const MAX_BYTES = 2 ** 20

/**
 * The `fetch` of a service's own requests, which carry secrets: sign-in, refresh, sign-out.
 *
 * - The answer comes with all of its body, or not at all: it may break off or stall as well.
 * - A request without a signal of its own is limited to `renewTimeoutMs`. A `fetch` that does not listen to
 *   its signal is left behind.
 * - No redirect is followed, since it would take the secrets along, and no cache is asked or told.
 *
 * @throws {LatchkeyError} `ERR_SERVER_UNAVAILABLE`, `ERR_REDIRECT_REFUSED`; `ERR_UNUSABLE_TOKEN` for a
 *   mebibyte or more.
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
    const where = `${input as string | URL}`.replace(/[?#].*/s, '') // a query may hold anything
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
      const { code } = ((cause as Error).cause ?? cause) as { code?: unknown } // the system's, where Node has it
      const why = typeof code === 'string' ? ` (${code})` : ''
      const message = `${where} could not be reached${why}, or did not answer in time.`
      throw new LatchkeyError('ERR_SERVER_UNAVAILABLE', message, { cause })
    } finally {
      stop?.()
    }
  }
}

/** Its name tells core that the answer was lost. */
const late = () => Object.assign(new Error('The time was up.'), { name: 'TimeoutError' })

function refuseRedirect(where: string, { type, status }: Response): void {
  if (type !== 'opaqueredirect' && (status < 300 || status > 399)) return
  throw new LatchkeyError(
    'ERR_REDIRECT_REFUSED',
    `A redirect from ${where} was not followed, since it would take secrets along. Give the address where the server really is.`,
  )
}

async function readWhole(where: string, response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return response.text() // React Native has no streams
  let text = ''
  if (await readPieces(reader, MAX_BYTES, (piece) => (text += piece))) return text
  reader.cancel().catch(() => undefined)
  // Its code tells core that a refresh token may be spent, and is not to be presented again at once.
  throw new LatchkeyError('ERR_UNUSABLE_TOKEN', `${where} answered with a mebibyte or more.`)
}

/**
 * What may pass, with what the server said about waiting.
 *
 * A refusal that is not the API's own word, such as a firewall's page, leaves no cool-down: it has not been asked.
 */
export function unavailable(said: string, { status, headers }: Response): LatchkeyError {
  const wait = headers.get('retry-after') ?? headers.get('x-retry-after')
  const retryAfterMs = parseRetryAfter(wait) ?? (status < 500 && isPage(headers) ? 0 : undefined)
  return new LatchkeyError('ERR_SERVER_UNAVAILABLE', said, { retryAfterMs, status })
}

/** The JSON object in `text`, or an empty one. It inherits nothing. */
export function readObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && !Array.isArray(value)
    return Object.assign(Object.create(null), isObject && value)
  } catch {
    return Object.create(null)
  }
}
