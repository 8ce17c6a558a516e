import { equal, ok } from './expect.ts'
import { type AdapterCase, fact, isAbort, isTimeout, pause } from './stage.ts'

const abortWaiting = fact(
  "a waiter's abort settles at once, as the client's own, and does not affect other requests, also when it started the renewal",
  ['T19', 'F59', 'F60'],
  async ({ scene, connect, stale }) => {
    const send = connect(stale())
    const renewal = await scene.hold('/renew')
    const controller = new AbortController()
    const aborted = send('/items?first', { signal: controller.signal })
    await renewal.whenWaiting()
    const other = send('/items?second')
    controller.abort()
    ok(isAbort(await aborted), 'aborted in its own way') // the renewal is still held
    equal(await scene.renewals(), 1)
    await renewal.release()
    equal((await other).status, 200)
    equal(await scene.renewals(), 1)
  },
)

const allAbort = fact(
  'when all waiters abort, the renewal goes on and serves the next request',
  ['F60', 'T19'],
  async ({ scene, connect, stale }) => {
    const send = connect(stale())
    const renewal = await scene.hold('/renew')
    const controller = new AbortController()
    const { signal } = controller
    const aborted = Promise.all([send('/items', { signal }), send('/items', { signal })])
    await renewal.whenWaiting()
    controller.abort()
    ok((await aborted).every(isAbort), 'all aborted')
    await renewal.release()
    equal((await send('/items')).status, 200)
    equal(await scene.renewals(), 1)
  },
)

const abortFirst = fact(
  'an abort while the first token is being obtained settles at once too',
  ['F59', 'T19'],
  async ({ scene, connect, fresh }) => {
    const send = connect(fresh())
    const renewal = await scene.hold('/renew')
    const controller = new AbortController()
    const aborted = send('/items', { signal: controller.signal })
    await renewal.whenWaiting()
    controller.abort()
    ok(isAbort(await aborted), 'aborted in its own way')
    await renewal.release()
    equal((await send('/items')).status, 200)
    equal(await scene.renewals(), 1)
  },
)

const abortedBefore = fact(
  'a request aborted before it is sent reaches no server',
  ['F59'],
  async ({ scene, connect, fresh }) => {
    const outcome = await connect(fresh())('/items', { signal: AbortSignal.abort() })
    ok(isAbort(outcome), 'aborted in its own way')
    equal((await scene.of('/items')).length, 0)
  },
)

const abortBetween = fact(
  'an abort between renewal and replay: nothing is sent again',
  ['F61'],
  async ({ scene, connect, stale }) => {
    const manager = stale()
    const controller = new AbortController()
    manager.on('retried', () => controller.abort())
    const outcome = await connect(manager)('/items', { signal: controller.signal })
    ok(isAbort(outcome), 'aborted in its own way')
    equal([(await scene.of('/items')).length, await scene.renewals()], [1, 1])
  },
)

const timeout = fact(
  "a time-out ends the wait as the client's own; the renewal goes on",
  ['F62', 'T19', 'T06'],
  async ({ scene, connect, stale }) => {
    const manager = stale()
    const renewal = await scene.hold('/renew')
    const pending = connect(manager, { timeoutMs: 250 })('/items')
    const patient = connect(manager)('/items')
    ok(isTimeout(await pending), 'timed out in its own way') // the renewal is still held
    await renewal.release()
    equal((await patient).status, 200)
    equal(await scene.renewals(), 1)
  },
)

const budget = fact(
  'the time limit spans the wait and the replay: it does not start again',
  ['T19', 'F62'],
  async ({ scene, connect, stale }) => {
    const renewal = await scene.hold('/renew')
    const startedAt = performance.now()
    const pending = connect(stale(), { timeoutMs: 2_000 })('/items')
    const first = await Promise.race([renewal.whenWaiting(), pending])
    ok('seen' in first, 'the renewal started in time')
    const replay = await scene.hold('/items')
    await pause(1_200)
    await renewal.release()
    ok(isTimeout(await pending), 'timed out in its own way')
    const took = Math.round(performance.now() - startedAt)
    ok(took < 3_100, `within its time, not after ${took} ms`)
    await replay.release()
  },
)

const never = fact(
  'a renewal that never answers ends for all its waiters, and the next request starts clean',
  ['T06', 'F34', 'F55'],
  async ({ scene, connect, stale }) => {
    const manager = stale({ renewTimeoutMs: 700 })
    const renewal = await scene.hold('/renew')
    const send = connect(manager)
    const outcomes = await Promise.all([send('/items'), send('/items'), send('/items')])
    for (const { status, result } of outcomes) {
      equal([status, manager.explain(result)?.code], [401, 'ERR_RENEWAL_TIMEOUT'])
    }
    await renewal.release()
    await manager.refresh()
    equal((await send('/items')).status, 200)
  },
)

const signOut = fact(
  'a sign-out lets waiters go, and their requests are not sent again',
  ['T13', 'F57', 'T06'],
  async ({ scene, connect, stale }) => {
    const manager = stale()
    const send = connect(manager)
    const renewal = await scene.hold('/renew')
    const pending = send('/items')
    await renewal.whenWaiting()
    await manager.signOut()
    const { status, result } = await pending
    equal([status, manager.explain(result)?.code], [401, 'ERR_SIGN_IN_REQUIRED'])
    await renewal.release()
    equal(manager.explain((await send('/items')).result)?.code, 'ERR_SIGN_IN_REQUIRED')
    equal((await scene.of('/items')).length, 1)
  },
)

const otherUser = fact(
  "another user's sign-in during a renewal: the old request is not sent as the new user",
  ['F58'],
  async ({ scene, connect, stale }) => {
    const manager = stale()
    const renewal = await scene.hold('/renew')
    const pending = connect(manager)('/items')
    await renewal.whenWaiting()
    await manager.setTokens({ accessToken: await scene.makeToken('another-user') })
    const { status, result } = await pending
    equal([status, manager.explain(result)?.code], [401, 'ERR_SESSION_CHANGED'])
    await renewal.release()
    equal((await scene.of('/items')).length, 1)
  },
)

const disposed = fact(
  'dispose() lets waiters go',
  ['F63', 'T06'],
  async ({ scene, connect, stale }) => {
    const manager = stale()
    const renewal = await scene.hold('/renew')
    const pending = connect(manager)('/items')
    await renewal.whenWaiting()
    manager.dispose()
    const { status, result } = await pending
    equal([status, manager.explain(result)?.code], [401, 'ERR_DISPOSED'])
    await renewal.release()
  },
)

/** Everybody who waits settles, each in its own time. */
export const waitingCases: readonly AdapterCase[] = [
  abortWaiting,
  allAbort,
  abortFirst,
  abortedBefore,
  abortBetween,
  timeout,
  budget,
  never,
  signOut,
  otherUser,
  disposed,
]
