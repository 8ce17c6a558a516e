import { LatchkeyError } from '../errors.ts'
import { isThenable } from '../waiting.ts'

/** Where a stream keeps how to make another one. Registered, so that two copies of core agree. */
const factoryKey = Symbol.for('latchkey.bodyFactory')

/** Up to this many bytes a buffer is copied for a replay that will most likely not happen. */
const SMALL_BYTES = 65_536

/**
 * A body stream that can be sent again: `replayable(() => createReadStream(path))`.
 *
 * @param make Returns a new stream of the same bytes at each call, or a promise of what it holds (as `fs.openAsBlob()`
 *   does). Called once now, and once more if the request has to be replayed.
 * @returns The first stream, for any client; for a promise, a web stream of its content. Sending it again rejects with
 *   `ERR_BODY_NOT_REPLAYABLE` if `make` then returns the same stream once more.
 */
export function replayable<Body extends object>(make: () => Body): Body {
  let last: object = make()
  const isPromise = isThenable(last)
  const first = isPromise ? streamOf(last as PromiseLike<BodyInit>) : last
  const again = () => {
    const next = make()
    if (next === last) throw sameStream()
    last = next
    return isPromise ? streamOf(next as PromiseLike<BodyInit>) : next
  }
  return Object.defineProperty(first, factoryKey, { value: again, configurable: true }) as Body
}

/** What was promised, once somebody reads it. */
function streamOf(promise: PromiseLike<BodyInit>): ReadableStream<Uint8Array> {
  const content = Promise.resolve(promise).then((body) => new Response(body).body?.getReader())
  content.catch(() => undefined) // whoever reads it is told
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = (await (await content)?.read()) ?? { done: true, value: undefined }
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: async (reason) => (await content)?.cancel(reason),
  })
}

function sameStream(): LatchkeyError {
  return new LatchkeyError(
    'ERR_BODY_NOT_REPLAYABLE',
    'The function given to replayable() returned the same stream a second time, which can be read only once, so the request was not sent again. Make a new stream at each call.',
  )
}

/**
 * How to make another stream like `body`, where the caller said so.
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
 * Whether `body` can be read only once. Sent again such a body is empty, and many clients would call
 * that a success. Strings, buffers, blobs, forms and search parameters can be sent any number of times; a buffer that was
 * transferred elsewhere since is empty.
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
 * A copy of a body that its owner might change before it is sent, or sent again: forms, search parameters and buffers,
 * of the same class. Anything else is returned as it is: it cannot change, or cannot be copied.
 *
 * @param how Absent: for a replay that will most likely not happen, so buffers of more than 64 KiB are returned as they
 *   are. `'whole'`: for a request that has to wait before it is sent at all.
 * @group For adapters and services
 */
export function snapshot<Body>(body: Body, how?: 'whole'): Body {
  if (typeof body !== 'object' || body === null) return body
  const kind = Object.prototype.toString.call(body) // also of another realm, or another make
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
  // A Buffer's constructor is deprecated; it is a Uint8Array of another prototype.
  if (kind !== '[object Uint8Array]') return new (makerOf(body))(copy) as Body
  return Object.setPrototypeOf(new Uint8Array(copy), Object.getPrototypeOf(body)) as Body
}

type Maker = new (from?: unknown) => object

const makerOf = (body: object) => body.constructor as Maker

/** The memory of a buffer or a view; not one that several threads share, which no client sends. */
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

/** What a Node stream has of an event emitter. */
interface Emitter {
  errored?: unknown
  once(event: 'error', listener: (error: unknown) => void): unknown
  off(event: 'error', listener: (error: unknown) => void): unknown
}

/**
 * `work`, or the error of a Node stream that is the body and fails meanwhile. Without a listener that error would end the
 * process.
 *
 * @group For adapters and services
 */
export function untilBodyFails<T>(work: PromiseLike<T>, body: unknown): PromiseLike<T> {
  const stream = body as Partial<Emitter> | null | undefined
  if (typeof stream?.once !== 'function' || typeof stream.off !== 'function') return work
  const emitter = stream as Emitter
  return new Promise<T>((resolve, reject) => {
    if (emitter.errored) reject(emitter.errored)
    emitter.once('error', reject)
    const stop = () => void emitter.off('error', reject)
    work.then(resolve, reject)
    work.then(stop, stop)
  })
}
