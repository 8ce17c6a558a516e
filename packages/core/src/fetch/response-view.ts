import { withTimeLimit } from '../waiting.ts'

/** How much of an error body is looked at, in bytes, and for how long, in milliseconds. */
const MAX_BYTES = 16_384
const MAX_READ_MS = 1_000

/** A response as the manager sees it, the same for every client. A `Response` is one. */
export interface ResponseView {
  /** The HTTP status. */
  readonly status: number
  /** The headers. In a page of another origin only those that the server exposes. */
  readonly headers: Headers
  /** The final URL, after redirects. Empty when the client does not tell. */
  readonly url: string
  /** The body's first 16 KiB, read within a second; the caller can still read all of it. Never throws. */
  text(): Promise<string>
  /**
   * True: a redirect took the credential off on the way, so the answer says nothing about the token. A
   * `Response` that core has followed a redirect for carries the same property.
   */
  readonly credentialDropped?: boolean
  /** The client's own response object, where this is not it: `explain()` answers for both. */
  readonly original?: object
}

/**
 * `response` with a `text()` that takes little and leaves everything.
 *
 * @param requested Its URL stands for that of a response that was made by hand and has none.
 */
export function boundedView(
  response: ResponseView | Response,
  requested: { url: URL },
): ResponseView {
  if (!('clone' in response)) return response
  const { status, headers, url } = response
  const text = () => readStart(response)
  return { status, headers, url: url || requested.url.href, original: response, text }
}

async function readStart(response: Response): Promise<string> {
  if (response.bodyUsed || response.body === null) return ''
  // React Native has no streams: the text is there as a whole.
  if (!response.body) {
    const whole = await response
      .clone()
      .text()
      .catch(() => '')
    return whole.slice(0, MAX_BYTES)
  }
  const reader = response.clone().body?.getReader()
  if (!reader) return ''
  let text = ''
  const reading = readPieces(reader, MAX_BYTES, (piece) => (text += piece))
  // Whatever goes wrong with the body, the status alone can decide.
  await withTimeLimit(reading, MAX_READ_MS, () => undefined).catch(() => undefined)
  reader.cancel().catch(() => undefined) // the caller's half goes on
  return text
}

/** Gives the first `maxBytes` of a body to `take`, as they come. Answers whether that was all of it. */
export async function readPieces(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  take: (piece: string) => void,
): Promise<boolean> {
  const decoder = new TextDecoder()
  for (let left = maxBytes; left > 0; ) {
    const { done, value } = await reader.read()
    if (done) return true
    take(decoder.decode(value.subarray(0, left), { stream: true }))
    left -= value.byteLength
  }
  return false
}

/**
 * Whether a cache under the client may have kept this answer, or have given it, for all that is said in
 * its headers (RFC 9111 section 3). A replay then asks past the caches.
 *
 * @group For adapters and services
 */
export function mayBeStored(headers: Headers): boolean {
  const said = headers.get('cache-control') ?? ''
  return headers.has('age') || headers.has('expires') || /max-?age|public/i.test(said)
}

/** Marks a response whose request lost its credential on the way. */
export function markCredentialDropped(response: Response): Response {
  return Object.defineProperty(response, 'credentialDropped', { value: true, configurable: true })
}

/**
 * Whether a redirect took the credential off on the way, so that a 401 says nothing about the token.
 *
 * @group For adapters and services
 */
export function isCredentialDropped(response: ResponseView | Response): boolean {
  return (response as ResponseView).credentialDropped === true
}
