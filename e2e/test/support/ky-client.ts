import { authHooks } from '@latchkey/ky'
import type * as Ky from 'ky'
import { type Client, type Send, webStream } from './client.ts'

export function kyClient(name: string, { default: ky, HTTPError }: typeof Ky): Client {
  const sender = (api: Ky.KyInstance): Send => {
    return async (path, call = {}) => {
      try {
        const result = await api(path, call as Ky.Options)
        return { status: result.status, text: await result.clone().text(), result }
      } catch (error) {
        if (!(error instanceof HTTPError)) return { result: error }
        const { data } = error
        const text = typeof data === 'string' ? data : JSON.stringify(data)
        return { status: error.response.status, text, result: error, isOwnError: true }
      }
    }
  }
  const isAbsolute = (input: unknown) => typeof input === 'string' && /^https?:/.test(input)
  /** `baseUrl` takes absolute URLs as such, `prefix` does not. */
  const based = (api: Ky.KyInstance, base: string): Ky.KyInstance =>
    api.extend({ baseUrl: `${base}/`, retry: 0 })
  const relative = (send: Send): Send => {
    return (path, call) => send(isAbsolute(path) ? path : path.replace(/^\//, ''), call)
  }
  return {
    name,
    connect: (manager, base) =>
      relative(sender(based(ky, base).extend({ hooks: authHooks(manager) }))),
    connectTwice(manager, base) {
      const hooks = authHooks(manager)
      return relative(
        sender(
          based(ky, base)
            .extend({ hooks })
            .extend({ hooks: authHooks(manager) }),
        ),
      )
    },
    stream: webStream,
    isAbort: (error) => error instanceof DOMException && error.name === 'AbortError',
  }
}
