import { isOneShot, type ResponseView } from '@latchkey/core'
import type { AxiosResponse } from 'axios'

/** How much of a body is looked at, in bytes. */
const MAX_BYTES = 16_384

/** An axios response as the manager sees it. Its body is already read, or a stream left alone. */
export function viewOf(
  response: AxiosResponse,
  about: Pick<ResponseView, 'url' | 'credentialDropped'>,
): ResponseView {
  const { status, data } = response
  return {
    ...about,
    status,
    original: response,
    get headers() {
      const entries = Object.entries(response.headers)
      return new Headers(entries.map(([name, value]) => [name, `${value}`]))
    },
    text: () => textOf(data),
  }
}

async function textOf(data: unknown): Promise<string> {
  if (isOneShot(data)) return ''
  const isRaw =
    typeof data === 'string' ||
    data instanceof Blob ||
    data instanceof ArrayBuffer ||
    ArrayBuffer.isView(data)
  const part = isRaw ? data : (JSON.stringify(data) ?? '') // an adapter that parses JSON itself
  return new Blob([part as BlobPart]).slice(0, MAX_BYTES).text()
}
