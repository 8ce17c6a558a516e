import { withTimeLimit } from '@latchkey/core/adapter'
import type { AxiosResponse } from 'axios'

/** How much of a body is read ahead of the caller, in bytes. */
const MAX_KEPT_BYTES = 1_048_576
/** How much of the start is kept, in bytes, and how long `start()` waits for it, in milliseconds. */
const START_BYTES = 16_384
const MAX_READ_MS = 1_000

/** A streamed body that is read ahead to free its connection. The caller can still read it. */
export interface KeptStream {
  /** Returns the body's first 16 KiB, as text. */
  start(): Promise<string>
  /** Stops reading ahead. */
  stop(): void
}

interface NodeStream {
  pipe<T>(to: T): T
  on(event: 'data', listener: (chunk: Uint8Array | string) => void): void
  on(event: 'error', listener: () => void): void
  once(event: 'end' | 'error' | 'close', listener: (error?: Error) => void): void
  destroy(error?: Error): void
}

type PassThrough = new (options: { highWaterMark: number }) => NodeStream

/** The key under which our stream keeps its start. */
const keptKey = Symbol('start')

/** Replaces a streamed body by one with the same content. @returns `undefined` if the body is not a stream. */
export function keepStream(response: AxiosResponse): KeptStream | undefined {
  type Data = Partial<NodeStream & ReadableStream<Uint8Array> & { [keptKey]: KeptStream }>
  const data = response.data as Data | null | undefined
  if (typeof data !== 'object' || data === null) return undefined
  if (data[keptKey]) return data[keptKey]
  const pieces = collect()
  const copy =
    typeof data.pipe === 'function'
      ? throughNode(data as NodeStream, pieces)
      : typeof data.tee === 'function'
        ? throughTee(data as ReadableStream<Uint8Array>, pieces)
        : undefined
  if (!copy) return undefined
  response.data = Object.defineProperty(copy, keptKey, { value: pieces })
  return pieces
}

function throughNode(stream: NodeStream, { add, end }: Collected): object {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(id: string): { PassThrough: PassThrough } }
  }
  const streams = process?.getBuiltinModule?.('node:stream')
  if (!streams) return stream
  const copy = new streams.PassThrough({ highWaterMark: MAX_KEPT_BYTES })
  stream.on('data', (chunk) =>
    add(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk),
  )
  stream.once('end', end)
  stream.once('close', end)
  stream.once('error', (error) => (end(), copy.destroy(error)))
  copy.on('error', () => undefined) // it may fail before the caller has it, who then sees that it has failed
  copy.once('close', () => stream.destroy()) // destroying one destroys both
  return stream.pipe(copy)
}

function throughTee(stream: ReadableStream<Uint8Array>, pieces: Collected): object {
  const { add, end } = pieces
  const [copy, own] = stream.tee()
  const reader = own.getReader()
  const read = async () => {
    for (let left = MAX_KEPT_BYTES; left > 0; ) {
      const { done, value } = await reader.read()
      if (done) return
      add(value)
      left -= value.byteLength
    }
    await reader.cancel()
  }
  pieces.stop = () => void reader.cancel().catch(() => undefined)
  read().then(end, end)
  return copy
}

interface Collected extends KeptStream {
  add(piece: Uint8Array): void
  end(): void
}

/** Collects the start of the body, as far as it may be needed. */
function collect(): Collected {
  const pieces: Uint8Array[] = []
  let size = 0
  let wake: (() => void) | undefined
  let isOver = false
  return {
    add(piece) {
      if (size < START_BYTES) pieces.push(piece)
      size += piece.byteLength
      wake?.()
    },
    end() {
      isOver = true
      wake?.()
    },
    stop: () => undefined,
    async start() {
      const enough = new Promise<void>((resolve) => {
        wake = () => (isOver || size >= START_BYTES) && resolve()
        wake()
      })
      await withTimeLimit(enough, MAX_READ_MS, () => undefined).catch(() => undefined)
      return new Blob(pieces as Uint8Array<ArrayBuffer>[]).slice(0, START_BYTES).text()
    },
  }
}
