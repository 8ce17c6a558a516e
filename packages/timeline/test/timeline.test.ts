import type { Authorizer } from '@latchkey/core/adapter'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTimeline, type RecordedManager, type TimelineEntry } from '../src/index.ts'
import { ORIGIN, scene } from './support/scene.ts'

/** What is not a timeline's to change. */
const methods = ({ authorize, recover }: Authorizer) => ({ authorize, recover })

const request = { url: `${ORIGIN}/items`, method: 'GET' }

/** A manager with a token, and no timeline yet. */
async function quiet() {
  const made = scene()
  made.timeline.stop()
  await made.manager.setTokens({ accessToken: 'a1' })
  return made
}

function silenceConsole() {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  onTestFinished(() => error.mockRestore())
  return error
}

describe('a timeline', () => {
  test('that stops leaves the manager as it was, and keeps what it has', async () => {
    const { manager } = await quiet()
    const before = methods(manager)
    const timeline = createTimeline(manager)
    expect(methods(manager)).not.toEqual(before)
    await manager.authorize(request)
    timeline.stop()
    timeline.stop()
    await manager.authorize(request)
    await manager.signOut()
    expect(methods(manager)).toEqual(before)
    expect(Reflect.ownKeys(manager).filter((key) => typeof key === 'symbol')).toEqual([])
    expect(timeline.entries.map(({ kind }) => kind)).toEqual(['sent'])
  })

  test('resolves a relative URL as the page does, also in a frame without an address', async () => {
    vi.stubGlobal('document', { baseURI: `${ORIGIN}/app/` })
    vi.stubGlobal('location', { href: 'about:srcdoc' })
    onTestFinished(() => void vi.unstubAllGlobals())
    const { manager } = await quiet()
    const timeline = createTimeline(manager)
    await manager.authorize({ url: 'items', method: 'GET' })
    expect(timeline.entries).toMatchObject([{ kind: 'sent', url: `${ORIGIN}/app/items` }])
  })

  test.each([
    ['first', [0, 1]],
    ['last', [1, 0]],
  ])('continues when another one that was made %s stops', async (_, order) => {
    const { manager } = await quiet()
    const before = methods(manager)
    const timelines = [createTimeline(manager), createTimeline(manager)]
    const [stopped, other] = order.map((at) => timelines[at]!)
    stopped!.stop()
    await manager.authorize(request)
    expect([stopped!.entries.length, other!.entries.length]).toEqual([0, 1])
    other!.stop()
    expect(methods(manager)).toEqual(before)
  })

  test('leaves later wrappers of the manager in place', async () => {
    const { manager } = await quiet()
    const timeline = createTimeline(manager)
    const tapped = manager.authorize
    const theirs: typeof tapped = (asked) => tapped(asked)
    manager.authorize = theirs
    timeline.stop()
    expect(manager.authorize).toBe(theirs)
    expect(await manager.authorize(request)).toMatchObject({ generation: 1 })
    expect(timeline.entries).toEqual([])
  })

  test('of a manager can be stopped after a service was made from that manager', async () => {
    const { manager } = await quiet()
    const timeline = createTimeline(manager)
    const service: RecordedManager = { ...manager }
    const second = createTimeline(service)
    await service.authorize(request)
    expect([timeline.entries.length, second.entries.length]).toEqual([1, 1])
    timeline.stop()
    await service.authorize(request)
    expect([timeline.entries.length, second.entries.length]).toEqual([1, 2])
  })

  test('of a disposed manager shows its entries', async () => {
    const { manager } = await quiet()
    const timeline = createTimeline(manager)
    await manager.authorize(request)
    manager.dispose()
    await expect(manager.authorize(request)).rejects.toThrow('disposed')
    expect(timeline.entries.at(-1)).toMatchObject({ kind: 'gaveUp', code: 'ERR_DISPOSED' })
    timeline.stop()
  })

  test('keeps the newest entries only, and counts the removed ones', async () => {
    const { manager } = await quiet()
    const timeline = createTimeline(manager, { limit: 2 })
    for (let count = 0; count < 5; count += 1) await manager.authorize(request)
    expect(timeline.entries.map(({ id }) => id)).toEqual([4, 5])
    expect(timeline.toJSON().dropped).toBe(3)
    timeline.clear()
    expect(timeline.toJSON()).toMatchObject({ dropped: 5, entries: [] })
  })

  test('calls each listener for each entry until it is removed', async () => {
    const { manager } = await quiet()
    const timeline = createTimeline(manager)
    const listener = vi.fn<(entry: TimelineEntry) => void>()
    const offs = [timeline.on(listener), timeline.on(listener)]
    await manager.authorize(request)
    offs[0]!()
    await manager.authorize(request)
    expect(listener.mock.calls.map(([{ id }]) => id)).toEqual([1, 1, 2])
  })

  test('whose listener throws does not affect requests or other listeners', async () => {
    const { manager } = await quiet()
    const error = silenceConsole()
    const timeline = createTimeline(manager)
    const listener = vi.fn<(entry: TimelineEntry) => void>()
    timeline.on(() => {
      throw new Error('broken')
    })
    // oxlint-disable-next-line typescript/no-misused-promises -- what a listener should not do, and does
    timeline.on(() => Promise.reject(new Error('broken later')))
    timeline.on(listener)
    expect(await manager.authorize(request)).toMatchObject({ generation: 1 })
    await Promise.resolve()
    expect(listener).toHaveBeenCalledOnce()
    expect(error).toHaveBeenCalledTimes(2)
  })

  test('whose showUrl throws does not affect requests', async () => {
    const { manager } = await quiet()
    silenceConsole()
    const showUrl = () => {
      throw new Error('broken')
    }
    const timeline = createTimeline(manager, { showUrl })
    expect(await manager.authorize(request)).toMatchObject({ generation: 1 })
    expect(timeline.entries).toEqual([])
  })

  test('shows the result of showUrl for an address', async () => {
    const { manager } = await quiet()
    const timeline = createTimeline(manager, {
      showUrl: ({ origin, pathname }) => origin + pathname.replace(/reset\/.*/, 'reset/…'),
    })
    await manager.authorize({ url: new URL('/reset/CANARY-7f3a', ORIGIN), method: 'GET' })
    expect(timeline.entries).toMatchObject([{ url: `${ORIGIN}/reset/…` }])
  })

  test.each([0, -1, 1.5, 100_001, Number.NaN, '10' as never])('refuses %j as a limit', (limit) => {
    const { manager } = scene()
    expect(() => createTimeline(manager, { limit })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
    )
  })

  test.each([[{}], [undefined], [Object.freeze(scene().manager)], [Object.seal(scene().manager)]])(
    'refuses %o as a manager',
    (manager) => {
      expect(() => createTimeline(manager as RecordedManager)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
      )
    },
  )
})
