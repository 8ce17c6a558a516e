import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { untilAborted, withTimeLimit } from '../src/waiting.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('a wait leaves no listener behind on its signal, however it ends', async () => {
  const { signal } = new AbortController()
  const waiting = untilAborted(Promise.resolve('value'), signal)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  expect(await waiting).toBe('value')
  await untilAborted(Promise.reject(new Error('no')), signal).catch(() => undefined)
  await Promise.resolve()
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

it('a time limit beyond what a timer can wait for does not end at once', async () => {
  const late = vi.fn<() => Error>(() => new Error('late'))
  const waiting = withTimeLimit(new Promise((go) => setTimeout(go, 60_000, 'value')), 2 ** 40, late)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await waiting).toBe('value')
  expect(late).not.toHaveBeenCalled()
})
