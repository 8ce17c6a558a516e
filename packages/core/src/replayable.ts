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

/** How to make another stream like `body`, where the caller said so. */
export function bodyFactory(body: unknown): (() => unknown) | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  return (body as { [factoryKey]?: () => unknown })[factoryKey]
}

/**
 * Whether `body` can be read only once. Sent again such a body is empty, and many clients would call
 * that a success. Strings, buffers, blobs, forms and search parameters can be sent any number of times.
 */
export function isOneShot(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  const { pipe, getReader } = body as { pipe?: unknown; getReader?: unknown }
  return (
    typeof pipe === 'function' || typeof getReader === 'function' || Symbol.asyncIterator in body
  )
}
