import type { ResponseView } from '@latchkey/core'
import { type Authorization, isOneShot } from '@latchkey/core/adapter'
import type { AxiosResponse } from 'axios'
import type { RedirectGuard } from './redirect-guard.ts'

/** How much of a body is looked at, in bytes. */
const MAX_BYTES = 16_384

/**
 * An axios response as the manager sees it. Its body is already read, or a stream left alone. A class,
 * since one is made for every response: what few look at waits behind its getters.
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

  get credentialDropped(): boolean {
    return this.#guard.about(this.original, this.#authorization).credentialDropped
  }

  /** Not a method: predicates take it out of the view. */
  get text(): () => Promise<string> {
    return () => textOf(this.original.data)
  }

  get status(): number {
    return this.original.status
  }

  get url(): string {
    const { url } = this.#guard.about(this.original, this.#authorization)
    return url || this.#authorization.url.href
  }

  get headers(): Headers {
    const entries = Object.entries(this.original.headers)
    return new Headers(entries.map(([name, value]) => [name, `${value}`]))
  }
}

async function textOf(data: unknown): Promise<string> {
  if (isOneShot(data)) return ''
  if (typeof data === 'string') return data.slice(0, MAX_BYTES)
  const isRaw = data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data)
  // An adapter that parses JSON itself.
  if (!isRaw) return (JSON.stringify(data) ?? '').slice(0, MAX_BYTES)
  return new Blob([data as BlobPart]).slice(0, MAX_BYTES).text()
}
