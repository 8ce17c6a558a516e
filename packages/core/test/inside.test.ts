import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Inside } from '../src/grant/inside.ts'

const disable = vi.fn<() => void>()

/** Gives what was entered last for as long as it is asked. */
class StubbornStorage {
  disable = disable
  #value: unknown
  getStore = () => this.#value
  run<T>(value: unknown, work: () => T): T {
    this.#value = value
    return work()
  }
}

beforeEach(() => {
  disable.mockClear()
  const getBuiltinModule = () => ({ AsyncLocalStorage: StubbornStorage })
  vi.stubGlobal('process', { getBuiltinModule })
})
afterEach(() => vi.unstubAllGlobals())

describe("a grant's async context", () => {
  it('ends with the grant, whether it succeeds or fails, and leaves nothing on its signal', async () => {
    const inside = new Inside()
    const isInside = () => inside.current() !== undefined
    const { signal } = new AbortController()
    expect(await inside.enter(() => Promise.resolve(isInside()), signal)).toBe(true)
    expect([isInside(), disable.mock.calls.length]).toEqual([false, 1])
    await inside.enter(() => Promise.reject(new Error('no')), signal).catch(() => undefined)
    expect([isInside(), disable.mock.calls.length]).toEqual([false, 2])
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('of a grant that never settles ends at the time limit', () => {
    const inside = new Inside()
    const isInside = () => inside.current() !== undefined
    const controller = new AbortController()
    void inside.enter(() => new Promise(() => undefined), controller.signal)
    expect(isInside()).toBe(true)
    controller.abort()
    expect(isInside()).toBe(false)
    expect(disable).toHaveBeenCalledOnce()
  })

  it('ends on a platform that refuses to disable it, as Cloudflare does', async () => {
    disable.mockImplementationOnce(() => {
      throw new Error('asyncLocalStorage.disable() is not implemented')
    })
    const inside = new Inside()
    const isInside = () => inside.current() !== undefined
    const { signal } = new AbortController()
    expect(await inside.enter(() => Promise.resolve('a token'), signal)).toBe('a token')
    expect(isInside()).toBe(false)
  })
})
