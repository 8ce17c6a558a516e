import type { TokenManager } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { type Client, type Send, under, webStream } from './client.ts'

export const fetchClient: Client = {
  name: 'fetch',
  connect: (manager, base) => sender(wrapFetch(manager), base),
  connectTwice: (manager: TokenManager, base) =>
    sender(wrapFetch(manager, { fetch: wrapFetch(manager) }), base),
  stream: webStream,
  isAbort: (error) => error instanceof DOMException && error.name === 'AbortError',
}

function sender(api: typeof fetch, base: string): Send {
  return async (path, call = {}) => {
    try {
      const init = { ...call, duplex: 'half' } as RequestInit
      const result = await api(under(base, path), init)
      // Response is fetch's own way to tell of a 401.
      return { status: result.status, text: await result.clone().text(), result, isOwnError: true }
    } catch (error) {
      return { result: error }
    }
  }
}
