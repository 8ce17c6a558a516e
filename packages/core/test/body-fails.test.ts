import { PassThrough } from 'node:stream'
import { untilBodyFails } from '@latchkey/core/adapter'
import { describe, expect, it } from 'vitest'

const never = new Promise<never>(() => undefined)
const reason = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).catch((error: unknown) => error)

describe('a Node stream as the body, while a token is awaited', () => {
  it('that fails ends the wait with its error', async () => {
    const body = new PassThrough()
    const wait = reason(untilBodyFails(never, body))
    const failure = new Error('disk')
    body.destroy(failure)
    expect(await wait).toBe(failure)
  })

  it('that is closed without an error ends the wait', async () => {
    const body = new PassThrough()
    const wait = reason(untilBodyFails(never, body))
    body.destroy()
    expect(await wait).toMatchObject({ message: expect.stringContaining('closed') })
  })

  it('that reports several errors ends the wait with the first, and the process continues', async () => {
    const body = new PassThrough({ autoDestroy: false, emitClose: false })
    const wait = reason(untilBodyFails(never, body))
    body.emit('error', new Error('first'))
    body.emit('error', new Error('second'))
    expect(await wait).toMatchObject({ message: 'first' })
  })

  it('has no listeners of ours afterwards', async () => {
    const body = new PassThrough()
    const before = body.eventNames()
    expect(await untilBodyFails(Promise.resolve('done'), body)).toBe('done')
    await Promise.resolve()
    expect(body.eventNames()).toEqual(before)
  })
})
