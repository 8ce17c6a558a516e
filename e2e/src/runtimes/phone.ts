import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createContext, runInContext } from 'node:vm'
import * as abort from 'abort-controller'

const require = createRequire(import.meta.url)

/**
 * `XMLHttpRequest` as a phone's native part answers it, whatever the code asks for: it follows redirects,
 * drops `Authorization` alone on the way to another host, as Node's fetch does, and gives bodies whole.
 */
function nativeXhr(send: typeof fetch) {
  return class XMLHttpRequest {
    readyState = 0
    status = 0
    statusText = ''
    response: unknown = ''
    responseText = ''
    responseURL = ''
    responseType = ''
    timeout = 0
    withCredentials = false
    onload?: () => void
    onerror?: () => void
    onabort?: () => void
    ontimeout?: () => void
    onreadystatechange?: () => void
    readonly #controller = new AbortController()
    readonly #headers: [string, string][] = []
    #answered: [string, string][] = []
    #request = { method: 'GET', url: '' }

    open(method: string, url: string) {
      this.#request = { method, url }
      this.readyState = 1
    }
    setRequestHeader(name: string, value: string) {
      this.#headers.push([name, value])
    }
    getAllResponseHeaders() {
      return this.#answered.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    }
    send(body: unknown) {
      void this.#exchange(body).catch(() => this.#controller.signal.aborted || this.onerror?.())
    }
    abort() {
      this.#controller.abort()
      this.onabort?.()
    }

    #expire() {
      if (this.readyState === 4 || this.#controller.signal.aborted) return
      this.#controller.abort()
      this.ontimeout?.()
    }
    async #exchange(body: unknown) {
      const { method, url } = this.#request
      const { signal } = this.#controller
      if (this.timeout > 0) setTimeout(() => this.#expire(), this.timeout)
      const sent = (body ?? null) as BodyInit | null
      const answer = await send(url, { method, headers: this.#headers, body: sent, signal })
      this.response = this.responseText = await answer.text()
      this.responseURL = answer.url
      this.status = answer.status
      this.#answered = [...answer.headers]
      this.readyState = 4
      this.onreadystatechange?.()
      this.onload?.()
    }
  }
}

/**
 * A world with what React Native 0.74 to 0.86 set up, and nothing else: `fetch` is the package whatwg-fetch over
 * XMLHttpRequest, `AbortSignal` is that of the package abort-controller, and `URL` is as react-native-url-polyfill
 * makes it. A signal has no `reason`, `timeout`, `any` or `throwIfAborted`. There are no `navigator.locks`, no
 * `structuredClone`, no `process` and so no async contexts, no streams, no `TextDecoder`, no Web Crypto.
 */
export async function startPhone(program: string): Promise<Record<string, unknown>> {
  const { AbortController: Controller, AbortSignal: Signal } = abort
  const given = {
    AbortController: Controller,
    AbortSignal: Signal,
    URL,
    URLSearchParams,
    performance,
    atob,
    btoa,
  }
  const timers = { setTimeout, clearTimeout, setInterval, clearInterval, queueMicrotask }
  const world: Record<string, unknown> = {
    ...given,
    ...timers,
    console,
    FormData,
    TextEncoder,
    XMLHttpRequest: nativeXhr(globalThis.fetch),
    navigator: { product: 'ReactNative' },
  }
  world.window = world.self = world.global = world
  createContext(world)
  runInContext(await readFile(require.resolve('whatwg-fetch'), 'utf8'), world)
  runInContext(program, world)
  return world
}
