import type { Authorization } from '@latchkey/core/adapter'
import type { ResponseView } from '@latchkey/core'
import type { AxiosResponse } from 'axios'
import { keepStream } from './kept-stream.ts'
import type { RedirectGuard } from './redirect-guard.ts'

/** How much of a body is read, in bytes. */
const MAX_BYTES = 16_384

/**
 * An axios response as the manager sees it. Its body has been read already, or is a stream that is left to the
 * caller. It is a class with getters, because one is created for every response and few parts of it are read.
 */
export class AxiosResponseView implements ResponseView {
  readonly original: AxiosResponse
  readonly #authorization: Authorization
  readonly #guard: RedirectGuard

  constructor(response: AxiosResponse, authorization: Authorization, guard: RedirectGuard) {
    this.original = response
    this.#authorization = authorization
    this.#guard = guard
  }

  get credentialDropped(): boolean | 'unknown' {
    return this.#guard.about(this.original, this.#authorization).credentialDropped
  }

  /** Not a method, because predicates destructure the view. */
  get text(): () => Promise<string> {
    return () => textOf(this.original)
  }

  get status(): number {
    return this.original.status
  }

  /** Empty if the adapter does not report it and a custom fetch resolves the relative URL. */
  get url(): string {
    const { url } = this.#guard.about(this.original, this.#authorization)
    if (url) return url
    try {
      return this.#authorization.url.href
    } catch {
      return ''
    }
  }

  /** Custom adapters return an object, a Map, Headers, or nothing. */
  get headers(): Headers {
    const given: object = this.original.headers ?? {}
    const entries =
      Symbol.iterator in given ? [...(given as Iterable<[string, unknown]>)] : Object.entries(given)
    const headers = new Headers()
    for (const [name, value] of entries) {
      try {
        headers.append(name, String(value))
      } catch {
        // not a valid header
      }
    }
    return headers
  }
}

async function textOf(response: AxiosResponse): Promise<string> {
  const kept = keepStream(response)
  if (kept) return kept.start()
  const { data } = response
  if (typeof data === 'string') return data.slice(0, MAX_BYTES)
  const isRaw = data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data)
  // The adapter has parsed the JSON itself.
  if (!isRaw) return (JSON.stringify(data) ?? '').slice(0, MAX_BYTES)
  return new Blob([data as BlobPart]).slice(0, MAX_BYTES).text()
}
