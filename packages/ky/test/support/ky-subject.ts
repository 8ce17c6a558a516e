import type { AdapterSubject, Platform, Send } from '@latchkey/testing/adapter-contract'
import { authHooks } from '@latchkey/ky'
import type * as Ky from 'ky'

/** ky, for `adapterContract()`. */
export function kySubject(ky: typeof Ky, platform: Platform = {}): AdapterSubject {
  return {
    platform,
    connect({ manager, baseUrl, timeoutMs, twice }) {
      const timeout = timeoutMs === undefined ? {} : { timeout: timeoutMs }
      const hooks = authHooks(manager)
      const api = ky.default.extend({ baseUrl: `${baseUrl}/`, retry: 0, ...timeout, hooks })
      return sender(twice ? api.extend({ hooks: authHooks(manager) }) : api, ky.HTTPError)
    },
    // Chromium takes no streams over HTTP/1.1.
    ...(!platform.hidesRedirects && { stream: (text: string) => new Blob([text]).stream() }),
  }
}

function sender(api: Ky.KyInstance, HTTPError: typeof Ky.HTTPError): Send {
  return async (path, call = {}) => {
    try {
      // `baseUrl` is resolved as in a page: a path that starts with a slash would leave it.
      const result = await api(path.replace(/^\/(?![/\\])/, ''), call as Ky.Options)
      return { status: result.status, text: await result.clone().text(), result }
    } catch (error) {
      if (!(error instanceof HTTPError)) return { result: error }
      const { data } = error
      const text = typeof data === 'string' ? data : JSON.stringify(data)
      return { status: error.response.status, text, result: error }
    }
  }
}
