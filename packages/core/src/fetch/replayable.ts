import { LatchkeyError } from '../errors.ts'
import { isThenable } from '../waiting.ts'

/** The key under which a stream keeps its factory. A registered symbol, so that two copies of core agree. */
const factoryKey = Symbol.for('latchkey.bodyFactory')

/** Buffers up to this many bytes are copied for a replay, which is unlikely to happen. */
const SMALL_BYTES = 65_536

/**
 * Returns a body stream that can be sent again: `replayable(() => createReadStream(path))`.
 *
 * @param make Returns a new stream of the same bytes at each call, or a promise of the content (as
 *   `fs.openAsBlob()` does). It is called once now, and again for each replay.
 * @returns The first stream, for any client; for a promise, a web stream of its content. A replay rejects with
 *   `ERR_BODY_NOT_REPLAYABLE` if `make` returns the same stream again.
 */
export function replayable<Body extends object>(make: () => Body): Body {
  let last: object = make()
  const isPromise = isThenable(last)
  const first = isPromise ? streamOf(last as PromiseLike<unknown>) : asBody(last)
  const again = () => {
    const next = make()
    if (next === last) throw sameStream()
    last = next
    return isPromise ? streamOf(next as PromiseLike<unknown>) : asBody(next)
  }
  return Object.defineProperty(first, factoryKey, { value: again, configurable: true }) as Body
}

/** Returns a stream that waits for the promised content when it is read. */
function streamOf(promise: PromiseLike<unknown>): ReadableStream<Uint8Array> {
  const content = Promise.resolve(promise).then((body) =>
    new Response(asBody(body)).body?.getReader(),
  )
  content.catch(() => undefined) // the reader of the stream receives the error
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = (await (await content)?.read()) ?? { done: true, value: undefined }
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: async (reason) => (await content)?.cancel(reason),
  })
}

/** Returns `made` if a client can send it. Many clients would send the name of anything else: "[object Object]". */
function asBody(made: unknown): BodyInit {
  const { append, slice, size } = Object(made) as Record<string, unknown>
  const isForm = typeof append === 'function' // search parameters too
  const isBlob = typeof slice === 'function' && size !== undefined
  const isBuffer = bufferOf(Object(made)) !== undefined
  if (typeof made === 'string' || isOneShot(made) || isForm || isBlob || isBuffer)
    return made as BodyInit
  throw notReplayable('returned no body. Return a stream, a blob or a buffer.')
}

const sameStream = () =>
  notReplayable(
    'returned the same stream twice. A stream can be read only once, so the request was not sent again. Create a new stream at each call.',
  )

const notReplayable = (why: string) =>
  new LatchkeyError('ERR_BODY_NOT_REPLAYABLE', `The function passed to replayable() ${why}`)

/**
 * Returns a function that creates another stream like `body`, if the body is from `replayable()`.
 *
 * @group For adapters and services
 */
export function bodyFactory(body: unknown): (() => unknown) | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  return Object.hasOwn(body, factoryKey) ? (body as Factory)[factoryKey] : undefined
}

interface Factory {
  [factoryKey]?: () => unknown
}

/**
 * Returns whether `body` can be read only once. Sent again, such a body is empty, and many clients would report
 * success. Strings, buffers, blobs, forms and search parameters can be sent any number of times. A buffer that has
 * since been transferred is empty.
 *
 * @group For adapters and services
 */
export function isOneShot(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  const { pipe, getReader } = body as { pipe?: unknown; getReader?: unknown }
  return (
    typeof pipe === 'function' ||
    typeof getReader === 'function' ||
    Symbol.asyncIterator in body ||
    bufferOf(body)?.detached === true
  )
}

/**
 * Returns a copy of a body that its owner might change before it is sent (again): forms, search parameters and
 * buffers, of the same class. Any other body is returned unchanged, because it cannot change or cannot be copied.
 *
 * @param how Absent: the copy is for a replay, which is unlikely, so buffers of more than 64 KiB are returned
 *   unchanged. `'whole'`: the request has to wait before it is sent.
 * @group For adapters and services
 */
export function snapshot<Body>(body: Body, how?: 'whole'): Body {
  if (typeof body !== 'object' || body === null) return body
  const kind = Object.prototype.toString.call(body) // also from another realm or library
  if (kind === '[object URLSearchParams]') {
    return new (makerOf(body))(body) as Body
  }
  if (kind === '[object FormData]') return copyOfForm(body as object as FormData) as Body
  const buffer = bufferOf(body)
  if (!buffer || buffer.detached) return body
  const { byteOffset = 0, byteLength = 0 } = body as { byteOffset?: number; byteLength?: number }
  if (byteLength > SMALL_BYTES && how !== 'whole') return body
  const copy = buffer.slice(byteOffset, byteOffset + byteLength)
  if (!ArrayBuffer.isView(body)) return copy as Body
  // A Buffer's constructor is deprecated. A Buffer is a Uint8Array with another prototype.
  if (kind !== '[object Uint8Array]') return new (makerOf(body))(copy) as Body
  return Object.setPrototypeOf(new Uint8Array(copy), Object.getPrototypeOf(body)) as Body
}

type Maker = new (from?: unknown) => object

const makerOf = (body: object) => body.constructor as Maker

/** Returns the memory of a buffer or view, but not memory that threads share, which no client sends. */
function bufferOf(body: object): ArrayBuffer | undefined {
  const memory: unknown = ArrayBuffer.isView(body) ? body.buffer : body
  return Object.prototype.toString.call(memory) === '[object ArrayBuffer]'
    ? (memory as ArrayBuffer)
    : undefined
}

function copyOfForm(form: FormData): FormData {
  if (typeof form.entries !== 'function') return form // React Native's forms cannot be listed
  const copy = new (makerOf(form))() as FormData
  for (const [name, value] of form.entries()) copy.append(name, value)
  return copy
}

/** The parts of a Node stream's event emitter that are used here. */
interface Emitter {
  errored?: unknown
  on(event: 'error' | 'close', listener: (error?: unknown) => void): unknown
  off(event: 'error' | 'close', listener: (error?: unknown) => void): unknown
}

/**
 * Returns `work`, or rejects if a Node stream that is the body fails or is closed in the meantime. Without a
 * listener, its error would end the process. A stream that is closed has no end, so its request would never end.
 *
 * @param failed Returns the reason to reject with, for the stream's error. Without one, the stream was closed.
 * @group For adapters and services
 */
export function untilBodyFails<T>(
  work: PromiseLike<T>,
  body: unknown,
  failed: (error: unknown) => unknown = (error) =>
    error || new Error('The stream of the body was closed.'),
): PromiseLike<T> {
  const stream = body as Partial<Emitter> | null | undefined
  if (typeof stream?.on !== 'function' || typeof stream.off !== 'function') return work
  const emitter = stream as Emitter
  return new Promise<T>((resolve, reject) => {
    const fail = (error?: unknown) => reject(failed(error))
    if (emitter.errored) fail(emitter.errored)
    emitter.on('error', fail)
    emitter.on('close', fail)
    const stop = () => {
      emitter.off('error', fail)
      emitter.off('close', fail)
    }
    // After a rejection the listeners stay, because no client will read the stream.
    work.then(resolve, reject)
    work.then(stop, () => undefined)
  })
}
