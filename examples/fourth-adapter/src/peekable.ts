import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { Dispatcher } from 'undici'

type Body = Dispatcher.ResponseData['body']

/** A body whose start can be looked at, and which is the caller's all the same. */
export function peekable(body: Body) {
  body.on('error', () => undefined) // what broke is told to whoever reads
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
    /** 16 KiB at most, and what arrives within a second; never throws. */
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
    /** The whole body, for the caller: undici's own if nobody looked, else a stream of the same bytes. */
    rest: (): Body => (chunks ? (Readable.from(all()) as Body) : body),
    discard: (): void => void body.destroy(),
  }
}
