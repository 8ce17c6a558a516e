import { withTimeLimit } from '../waiting.ts'
import { isBrowser } from './options.ts'

/** The part of an error body that is read, in bytes, and the time limit for that, in milliseconds. */
const MAX_BYTES = 16_384
const MAX_READ_MS = 1_000
/** How much of a rejected answer is read to free its connection, in bytes. A longer answer keeps the connection. */
const MAX_KEPT_BYTES = 1_048_576
/** How long the connection of a rejected answer is kept before the answer is read, in milliseconds. */
const READ_AHEAD_AFTER_MS = 10

/** A response as the manager sees it, the same for every client. A `Response` is one. */
export interface ResponseView {
  /** The HTTP status. */
  readonly status: number
  /** The headers. In a page of another origin: only those that the server exposes. */
  readonly headers: Headers
  /** The final URL, after redirects. Empty if the client does not report it. */
  readonly url: string
  /** Returns the body's first 16 KiB, read within a second. The caller can still read all of it. Never throws. */
  text(): Promise<string>
  /**
   * True: a redirect removed the credential, so the answer says nothing about the token. `'unknown'`: only the
   * browser saw the redirects, so a 401 may be about the token, but does not end the session. A `Response` that
   * core has read has the same property.
   */
  readonly credentialDropped?: boolean | 'unknown'
  /** The client's own response object, if this is a different one. `explain()` accepts both. */
  readonly original?: object
}

/**
 * Returns a view of `response` whose `text()` reads only the start, and leaves the body to the caller.
 *
 * @param requested Its URL is used for a response that was made by hand and has none.
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
  if (isTaken(response)) return ''
  const copy = response.clone()
  const reader = readerOf(copy)
  if (!reader) return wholeOf(copy)
  let text = ''
  const reading = readPieces(reader, MAX_BYTES, (piece) => (text += piece))
  // If reading the body fails, the status alone decides.
  await withTimeLimit(reading, MAX_READ_MS, () => undefined).catch(() => undefined)
  reader.cancel().catch(() => undefined) // the caller can still read the body
  return text
}

/**
 * Whether the body cannot be read: there is none, another reader has it, or a test's double cannot copy it. React Native
 * has bodies, but no property for them.
 */
const isTaken = (response: Response) =>
  response.body === null || response.bodyUsed || response.body?.locked || !('clone' in response)

/** Returns a reader of the body. Some libraries have no streams (React Native), or Node's streams (node-fetch). */
const readerOf = ({ body }: Response) =>
  typeof body?.getReader === 'function' ? body.getReader() : undefined

/** Returns the start of a text that can be read only as a whole. */
async function wholeOf(response: Response): Promise<string> {
  const whole = withTimeLimit((async () => response.text())(), MAX_READ_MS, () => undefined)
  return (await whole.catch(() => '')).slice(0, MAX_BYTES)
}

/** Cancels a body that is not needed. An unread body would keep its connection. */
export function letGo({ body }: Pick<Response, 'body'>): void {
  const given: { cancel?(): Promise<void>; destroy?(): void } = body ?? {}
  if (typeof given.cancel === 'function')
    given.cancel().catch(() => undefined) // if it is broken already, nothing is left to do
  else if (typeof given.destroy === 'function') given.destroy()
}

/**
 * Returns `work`, and reads the body of `response` ahead if the work takes a while. That frees the connection for the
 * work, and the caller can still read the body. A short body is already in the platform's own buffer.
 */
export async function readingAhead<T>(response: Response, work: PromiseLike<T>): Promise<T> {
  const length = Number(valueOf(response, 'content-length') ?? Infinity)
  if (isTaken(response) || length <= MAX_BYTES) return work
  let stop: () => unknown = () => undefined
  // Not at once: a copy costs more than all our other work on a request, and most requests of a storm wait briefly.
  const timer = setTimeout(() => (stop = readAhead(response)), READ_AHEAD_AFTER_MS)
  try {
    return await work
  } finally {
    clearTimeout(timer)
    stop() // otherwise the connection is kept until both copies of the body are released
  }
}

/** Reads a copy of the body, up to a limit. Returns a function that ends this. */
function readAhead(response: Response): () => void {
  // node-fetch's clone reads ahead by itself.
  const reader = isTaken(response) ? undefined : readerOf(response.clone())
  const stop = () => void reader?.cancel().catch(() => undefined)
  if (reader) readPieces(reader, MAX_KEPT_BYTES, () => undefined).then(stop, stop)
  return stop
}

/** Passes the first `maxBytes` of a body to `take`, piece by piece. Returns whether that was the whole body. */
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

/** Returns the value of a header. A test's double may have no headers, or a plain object. */
const valueOf = ({ headers }: { headers?: Partial<Headers> }, name: string) => headers?.get?.(name)

/**
 * Returns whether a cache below the client may have stored or sent this answer, judging by its headers (RFC 9111
 * section 3). The replay then bypasses the caches.
 *
 * @group For adapters and services
 */
export function mayBeStored(headers: Headers): boolean {
  const said = (name: string) => valueOf({ headers }, name)
  return !!said('age') || !!said('expires') || /max-?age|public/i.test(said('cache-control') ?? '')
}

/** Marks a response whose request lost its credential at a redirect, or may have lost it. */
export function markCredentialDropped(response: Response, value: true | 'unknown' = true): void {
  Object.defineProperty(response, 'credentialDropped', { value, configurable: true })
}

/** Marks a response after redirects that only the browser saw. */
export function markUnwatched(response: Response): Response {
  if (response.redirected && isBrowser()) markCredentialDropped(response, 'unknown')
  return response
}

/** Returns whether a redirect removed the credential, if known. */
export const droppedOf = (response: ResponseView | Response) =>
  (response as ResponseView).credentialDropped

/** Whether `response` is a redirect, or a redirect that the browser hides. */
export const leadsOn = ({ status, type }: Response): boolean =>
  isRedirect(status) || type === 'opaqueredirect'

export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)
