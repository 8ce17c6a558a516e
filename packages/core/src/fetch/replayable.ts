/** Where a stream keeps how to make another one. Registered, so that two copies of core agree. */
const factoryKey = Symbol.for('latchkey.bodyFactory')

/**
 * A body stream that can be sent again: `replayable(() => createReadStream(path))`.
 *
 * @param make Gives a new stream of the same bytes at each call. Called once now, and once more if
 *   the request has to be replayed.
 * @returns The first stream, for any client.
 */
export function replayable<Body extends object>(make: () => Body): Body {
  return Object.defineProperty(make(), factoryKey, { value: make })
}

/**
 * How to make another stream like `body`, where the caller said so.
 *
 * @group For adapters and services
 */
export function bodyFactory(body: unknown): (() => unknown) | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  return (body as { [factoryKey]?: () => unknown })[factoryKey]
}

/**
 * Whether `body` can be read only once. Sent again such a body is empty, and many clients would call
 * that a success. Strings, buffers, blobs, forms and search parameters can be sent any number of times.
 *
 * @group For adapters and services
 */
export function isOneShot(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  const { pipe, getReader } = body as { pipe?: unknown; getReader?: unknown }
  return (
    typeof pipe === 'function' || typeof getReader === 'function' || Symbol.asyncIterator in body
  )
}

/**
 * A copy of a body that its owner might change after it was sent, for a replay to send the same: forms,
 * search parameters and buffers. Anything else is given back as it is: it cannot change, or cannot be copied.
 *
 * @group For adapters and services
 */
export function snapshot<Body>(
  body: Body,
): Body | FormData | URLSearchParams | ArrayBuffer | Uint8Array<ArrayBuffer> {
  if (typeof body !== 'object' || body === null) return body
  if (body instanceof URLSearchParams) return new URLSearchParams(body)
  if (body instanceof ArrayBuffer) return body.slice(0)
  if (ArrayBuffer.isView(body)) {
    const { buffer, byteOffset, byteLength } = body
    return new Uint8Array(buffer, byteOffset, byteLength).slice()
  }
  // React Native's forms cannot be listed.
  if (!(body instanceof FormData) || typeof body.entries !== 'function') return body
  const copy = new FormData()
  for (const [name, value] of body.entries()) copy.append(name, value)
  return copy
}
