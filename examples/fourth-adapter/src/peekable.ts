import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { Dispatcher } from 'undici'

type Body = Dispatcher.ResponseData['body']

/** A body whose start can be read, while the caller still gets all of it. */
export function peekable(body: Body) {
  body.on('error', () => undefined) // the reader of the body gets the error
  let chunks: AsyncIterator<Buffer> | undefined
  let pending: Promise<IteratorResult<Buffer>> | undefined
  const seen: Buffer[] = []

  async function read(limit: number): Promise<void> {
    chunks ??= body[Symbol.asyncIterator]()
    for (let left = limit; left > 0; ) {
      pending = chunks.next()
      const { done, value } = await pending
      if (done) return
      seen.push(value)
      left -= value.length
      pending = undefined
    }
  }

  async function* all(): AsyncGenerator<Buffer> {
    yield* seen
    for (;;) {
      const next = await (pending ?? chunks?.next())
      pending = undefined
      if (!next || next.done) return
      yield next.value
    }
  }

  return {
    /** Returns at most 16 KiB that arrive within a second; never throws. */
    async text(): Promise<string> {
      if (seen.length === 0) {
        const late = new AbortController()
        const timer = pause(1_000, undefined, { ref: false, signal: late.signal })
        await Promise.race([read(16_384), timer]).catch(() => undefined)
        timer.catch(() => undefined)
        late.abort()
      }
      return Buffer.concat(seen).subarray(0, 16_384).toString()
    },
    /** The whole body, for the caller: undici's own if its start was not read, else a stream of the same bytes. */
    rest: (): Body => (chunks ? (Readable.from(all()) as Body) : body),
    discard: (): void => void body.destroy(),
  }
}
