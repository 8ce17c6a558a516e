import { withTimeLimit } from '../waiting.ts'

/** How much of an error body is looked at, in bytes, and for how long, in milliseconds. */
const MAX_BYTES = 16_384
const MAX_READ_MS = 1_000
/** How much of a rejected answer is read so that its connection is free, in bytes. A longer one keeps it. */
const MAX_KEPT_BYTES = 1_048_576

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
   * True: a redirect took the credential off on the way, so the answer says nothing about the token. `'unknown'`: there
   * were redirects that only the browser saw, so a 401 may be about the token, and ends no session. A `Response` that
   * core has looked at carries the same property.
   */
  readonly credentialDropped?: boolean | 'unknown'
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
  const copy = response.clone()
  const reader = readerOf(copy)
  if (!reader) return wholeOf(copy)
  let text = ''
  const reading = readPieces(reader, MAX_BYTES, (piece) => (text += piece))
  // Whatever goes wrong with the body, the status alone can decide.
  await withTimeLimit(reading, MAX_READ_MS, () => undefined).catch(() => undefined)
  reader.cancel().catch(() => undefined) // the caller's half goes on
  return text
}

/** Some makes have no streams (React Native), or Node's (node-fetch). */
const readerOf = ({ body }: Response) =>
  typeof body?.getReader === 'function' ? body.getReader() : undefined

/** The start of a text that there is only as a whole. */
async function wholeOf(response: Response): Promise<string> {
  const whole = withTimeLimit(response.text(), MAX_READ_MS, () => undefined)
  return (await whole.catch(() => '')).slice(0, MAX_BYTES)
}

/** The body is not wanted any more; unread, it would keep its connection. */
export function letGo({ body }: Pick<Response, 'body'>): void {
  const given: { cancel?(): Promise<void>; destroy?(): void } = body ?? {}
  if (typeof given.cancel === 'function')
    given.cancel().catch(() => undefined) // broken already, it is done with too
  else if (typeof given.destroy === 'function') given.destroy()
}

/**
 * `work`, and as long as it takes the body of `response` is read ahead, so that its connection is free for that work, and
 * the caller can still read it. What is short is in the platform's own buffer already.
 */
export async function readingAhead<T>(response: Response, work: PromiseLike<T>): Promise<T> {
  const length = Number(response.headers.get('content-length') ?? Infinity)
  const isShort = !response.body || length <= MAX_BYTES || response.bodyUsed
  // node-fetch's clone reads ahead by itself.
  const reader = isShort ? undefined : readerOf(response.clone())
  const stop = () => void reader?.cancel().catch(() => undefined)
  if (reader) readPieces(reader, MAX_KEPT_BYTES, () => undefined).then(stop, stop)
  try {
    return await work
  } finally {
    stop() // else the connection would be kept for as long as both halves are not let go
  }
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

/** Marks a response whose request lost its credential on the way, or may have. */
export function markCredentialDropped(response: Response, value: true | 'unknown' = true): void {
  Object.defineProperty(response, 'credentialDropped', { value, configurable: true })
}

/** What is known of redirects that took the credential off on the way. */
export const droppedOf = (response: ResponseView | Response) =>
  (response as ResponseView).credentialDropped

/**
 * Whether a redirect took the credential off on the way, so that a 401 says nothing about the token.
 *
 * @group For adapters and services
 */
export function isCredentialDropped(response: ResponseView | Response): boolean {
  return droppedOf(response) === true
}

/** Whether `response` is a redirect, or what a browser shows of one. */
export const leadsOn = ({ status, type }: Response): boolean =>
  isRedirect(status) || type === 'opaqueredirect'

export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)
