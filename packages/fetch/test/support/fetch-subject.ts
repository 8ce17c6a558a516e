import type { AdapterSubject, Platform, Send } from '@latchkey/testing/adapter-contract'
import { wrapFetch } from '@latchkey/fetch'

/** fetch, for `adapterContract()`. */
export function fetchSubject(platform: Platform = {}): AdapterSubject {
  return {
    platform,
    connect({ manager, baseUrl, timeoutMs, twice }) {
      const once = wrapFetch(manager)
      return sender(twice ? wrapFetch(manager, { fetch: once }) : once, baseUrl, timeoutMs)
    },
    // Chromium takes no streams over HTTP/1.1.
    ...(!platform.hidesRedirects && { stream: (text: string) => new Blob([text]).stream() }),
  }
}

function sender(api: typeof fetch, baseUrl: string, timeoutMs?: number): Send {
  return async (path, { signal, ...call } = {}) => {
    const limit = new AbortController()
    // React Native has no DOMException, and joins no signals.
    const timedOut = Object.assign(new Error('Time is up.'), { name: 'TimeoutError' })
    const timer = timeoutMs && setTimeout(() => limit.abort(timedOut), timeoutMs)
    signal?.addEventListener('abort', () => limit.abort(signal.reason))
    const ended = timer ? limit.signal : (signal ?? limit.signal)
    try {
      const init = { ...call, signal: ended, duplex: 'half' }
      const result = await api(under(baseUrl, path), init as RequestInit)
      return { status: result.status, text: await result.clone().text(), result }
    } catch (error) {
      return { result: error }
    } finally {
      if (timer) clearTimeout(timer)
    }
  }
}

/** fetch has no base URL: this is what its users do instead. */
const under = (baseUrl: string, path: string): string | URL =>
  /^(\/(?![/\\])|[@.])/.test(path) ? baseUrl + path : new URL(path, baseUrl)
