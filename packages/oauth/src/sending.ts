import { isLatchkeyError, LatchkeyError, parseUrl, untilAborted } from '@latchkey/core'
import { allowInsecureRequests, customFetch } from 'oauth4webapi'

/** What one exchange with the server needs. */
export interface Exchange {
  fetch: typeof fetch
  signal: AbortSignal
}

/** An exchange outside a renewal, limited to `limitMs` milliseconds. */
export function limitedExchange(send: typeof fetch, limitMs: number): Exchange {
  const longest = 2 ** 31 - 1 // no timer can wait longer
  return { fetch: send, signal: AbortSignal.timeout(Math.ceil(Math.min(limitMs, longest))) }
}

/** The options of one request of oauth4webapi's. Where it may go has been checked before. */
export function requestOptions({ fetch: send, signal }: Exchange) {
  return {
    [customFetch]: inOurWords(send, signal),
    [allowInsecureRequests]: true,
    signal,
  }
}

/**
 * `send` with what it throws told in our words, and no redirect followed: it would take secrets along.
 * The answer comes with its body, which may break off or stall as well. A `fetch` that does not listen to
 * its signal is left behind.
 */
function inOurWords(send: typeof fetch, signal: AbortSignal) {
  return (url: string, init: object): Promise<Response> => {
    const where = originOf(url)
    const read = async (): Promise<Response> => {
      const response = await send(url, init)
      refuseRedirect(where, response)
      const { status, headers } = response
      return new Response((await response.text()) || null, { status, headers })
    }
    return untilAborted(read(), signal).catch((cause: unknown) => {
      if (isLatchkeyError(cause)) throw cause
      const message = `${where} could not be reached, or did not answer in time.`
      throw new LatchkeyError('ERR_SERVER_UNAVAILABLE', message, { cause })
    })
  }
}

function refuseRedirect(where: string, { type, status }: Response): void {
  if (type !== 'opaqueredirect' && (status < 300 || status > 399)) return
  throw new LatchkeyError(
    'ERR_REDIRECT_REFUSED',
    `A redirect from ${where} was not followed, since it would take secrets along. Configure where the server really is.`,
  )
}

const originOf = (url: string) => parseUrl(url)?.origin ?? 'The server'
