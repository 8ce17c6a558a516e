import type { Authorization } from '@latchkey/core/adapter'
import type { ResponseView } from '@latchkey/core'
import type { AxiosResponse } from 'axios'
import { keepStream } from './kept-stream.ts'
import type { RedirectGuard } from './redirect-guard.ts'

/** How much of a body is looked at, in bytes. */
const MAX_BYTES = 16_384

/**
 * An axios response as the manager sees it. Its body is already read, or a stream left alone. A class,
 * since one is made for every response: what few look at waits behind its getters.
 */
export class AxiosResponseView implements ResponseView {
  readonly original: AxiosResponse
  readonly credentialDropped: boolean | 'unknown'
  readonly #authorization: Authorization
  readonly #url: string | undefined

  constructor(response: AxiosResponse, authorization: Authorization, guard: RedirectGuard) {
    const { url, credentialDropped } = guard.about(response, authorization)
    this.original = response
    this.credentialDropped = credentialDropped
    this.#url = url
    this.#authorization = authorization
  }

  /** Not a method: predicates take it out of the view. */
  get text(): () => Promise<string> {
    return () => textOf(this.original)
  }

  get status(): number {
    return this.original.status
  }

  /** Empty where the adapter does not tell, and only a fetch of one's own knew where a relative address goes. */
  get url(): string {
    if (this.#url) return this.#url
    try {
      return this.#authorization.url.href
    } catch {
      return ''
    }
  }

  /** Adapters of one's own answer with an object, a Map, Headers, or without any. */
  get headers(): Headers {
    const given: object = this.original.headers ?? {}
    const entries =
      Symbol.iterator in given ? [...(given as Iterable<[string, unknown]>)] : Object.entries(given)
    const headers = new Headers()
    for (const [name, value] of entries) {
      try {
        headers.append(name, String(value))
      } catch {
        // not a header
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
  // An adapter that parses JSON itself.
  if (!isRaw) return (JSON.stringify(data) ?? '').slice(0, MAX_BYTES)
  return new Blob([data as BlobPart]).slice(0, MAX_BYTES).text()
}
