import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createContext, runInContext } from 'node:vm'

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

    async #exchange(body: unknown) {
      const { method, url } = this.#request
      const { signal } = this.#controller
      const text = typeof body === 'string' ? body : null
      const answer = await send(url, { method, headers: this.#headers, body: text, signal })
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
 * A world with what React Native's own sources set up, and nothing else: its `fetch`, which is the package
 * whatwg-fetch over XMLHttpRequest, and `URL` as react-native-url-polyfill makes it. There are no
 * `navigator.locks`, no `structuredClone`, no `process` and so no async contexts, no streams, no
 * `TextDecoder`, no Web Crypto.
 */
export async function startPhone(program: string): Promise<Record<string, unknown>> {
  const given = { AbortController, AbortSignal, URL, URLSearchParams, performance, atob, btoa }
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
