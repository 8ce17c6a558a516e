import type { ResponseView } from '@latchkey/core'
import type { AxiosResponse } from 'axios'

/** How much of a body is looked at, in characters or bytes. */
const MAX_LENGTH = 16_384

/** An axios response as the manager sees it. Its body is already read, or a stream left alone. */
export function viewOf(response: AxiosResponse, url: string): ResponseView {
  return {
    status: response.status,
    url,
    original: response,
    get headers() {
      return new Headers(
        Object.entries(response.headers).map(([name, value]) => [name, `${value}`]),
      )
    },
    text: () => textOf(response.data),
  }
}

async function textOf(data: unknown): Promise<string> {
  if (typeof data === 'string') return data.slice(0, MAX_LENGTH)
  if (data instanceof Blob) return data.slice(0, MAX_LENGTH).text()
  if (data instanceof ArrayBuffer) return new TextDecoder().decode(data.slice(0, MAX_LENGTH))
  if (ArrayBuffer.isView(data)) {
    const length = Math.min(data.byteLength, MAX_LENGTH)
    return new TextDecoder().decode(new Uint8Array(data.buffer, data.byteOffset, length))
  }
  return typeof data === 'object' && data !== null && !('pipe' in data) && !('getReader' in data)
    ? JSON.stringify(data).slice(0, MAX_LENGTH) // an adapter that parses JSON itself
    : ''
}
