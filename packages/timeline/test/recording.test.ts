import { memoryStore } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import { createTimeline } from '../src/index.ts'
import { failure, ORIGIN, scene } from './support/scene.ts'

describe('a request', () => {
  test('that finds a fresh token is sent and answered without a wait', async () => {
    const { timeline, clock, scripted, ask, respond } = scene()
    scripted.answerTokens()
    await ask()
    timeline.clear()
    const authorization = await ask('/items?page=2', 'POST')
    clock.pass(25)
    await respond(authorization, 201)
    const about = { request: 2, method: 'POST', url: `${ORIGIN}/items`, attempt: 1 }
    const at = clock.now()
    expect(timeline.entries).toEqual([
      { ...about, kind: 'sent', id: 4, at: at - 25, generation: 1, waitedMs: 0 },
      { ...about, kind: 'answered', id: 5, at, status: 201, durationMs: 25 },
    ])
  })

  test('that waits names the renewal that served it, and its duration', async () => {
    const { clock, scripted, ask, told } = scene()
    const first = ask()
    clock.pass(40)
    const second = ask()
    await scripted.asked()
    clock.pass(60)
    scripted.settle({ accessToken: 'a1' })
    await Promise.all([first, second])
    expect(told()).toEqual([
      { kind: 'waiting', request: 1, attempt: 1 },
      { kind: 'waiting', request: 2, attempt: 1 },
      { kind: 'renewed', renewal: 1, generation: 1, grant: 'refresh token', durationMs: 60 },
      { kind: 'sent', request: 1, attempt: 1, generation: 1, waitedMs: 100, renewal: 1 },
      { kind: 'sent', request: 2, attempt: 1, generation: 1, waitedMs: 60, renewal: 1 },
    ])
  })

  test('answered 401 waits, and is sent again as its second attempt', async () => {
    const { timeline, clock, scripted, ask, respond, told } = scene()
    scripted.answerTokens()
    const authorization = await ask()
    timeline.clear()
    clock.pass(10)
    const again = await respond(authorization, 401)
    clock.pass(5)
    await respond(again!, 200)
    expect(told()).toEqual([
      { kind: 'answered', request: 1, attempt: 1, status: 401, durationMs: 10 },
      { kind: 'waiting', request: 1, attempt: 2 },
      { kind: 'renewed', renewal: 2, generation: 2, grant: 'refresh token', durationMs: 0 },
      { kind: 'sent', request: 1, attempt: 2, generation: 2, waitedMs: 0, renewal: 2 },
      { kind: 'answered', request: 1, attempt: 2, status: 200, durationMs: 5 },
    ])
  })

  test('whose 401 comes late is sent again without having waited for a renewal', async () => {
    const { timeline, scripted, ask, respond, told } = scene()
    scripted.answerTokens()
    const [early, late] = [await ask(), await ask()]
    await respond(early, 401)
    timeline.clear()
    await respond(late, 401)
    expect(told().at(-1)).toEqual({
      kind: 'sent',
      request: 2,
      attempt: 2,
      generation: 2,
      waitedMs: 0,
    })
  })

  test('whose new token is rejected gives up, with the code of explain()', async () => {
    const { scripted, ask, respond, told } = scene()
    scripted.answerTokens()
    const again = await respond(await ask(), 401)
    await respond(again!, 401)
    expect(told().slice(-2)).toEqual([
      { kind: 'answered', request: 1, attempt: 2, status: 401, durationMs: 0 },
      { kind: 'gaveUp', request: 1, attempt: 3, waitedMs: 0, code: 'ERR_FRESH_TOKEN_REJECTED' },
    ])
  })

  test('whose 401 is not about the token gives up without a code', async () => {
    const { scripted, ask, respond, told } = scene({
      isTokenRejected: () => Promise.resolve(false),
    })
    scripted.answerTokens()
    await respond(await ask(), 401)
    expect(told().at(-1)).toEqual({ kind: 'gaveUp', request: 1, attempt: 2, waitedMs: 0 })
  })

  test('that a server refuses with a 200 is sent again like any other', async () => {
    const { scripted, ask, respond, told } = scene({
      isTokenRejected: () => Promise.resolve(true),
    })
    scripted.answerTokens()
    await respond(await ask(), 200)
    expect(told().slice(-3)).toEqual([
      { kind: 'answered', request: 1, attempt: 1, status: 200, durationMs: 0 },
      { kind: 'renewed', renewal: 2, generation: 2, grant: 'refresh token', durationMs: 0 },
      { kind: 'sent', request: 1, attempt: 2, generation: 2, waitedMs: 0, renewal: 2 },
    ])
  })

  test('that is aborted while it waits has the code ’aborted’', async () => {
    const { clock, ask, told } = scene()
    const controller = new AbortController()
    const asked = ask('/items', 'GET', controller.signal)
    clock.pass(30)
    controller.abort(new Error('CANARY-7f3a'))
    await failure(asked)
    expect(told().at(-1)).toEqual({
      kind: 'gaveUp',
      request: 1,
      attempt: 1,
      waitedMs: 30,
      code: 'aborted',
    })
  })

  test.each([
    ['to another origin', { url: 'https://elsewhere.test/', method: 'GET' }],
    [
      'with a credential of its own',
      { url: ORIGIN, method: 'GET', headers: new Headers({ authorization: 'own' }) },
    ],
  ])('%s is not the manager’s, and not recorded', async (_, request) => {
    const { manager, scripted, told } = scene()
    scripted.answerTokens()
    const authorization = await manager.authorize(request)
    await manager.recover(authorization, new Response())
    expect(told()).toEqual([])
  })
})

describe('a renewal', () => {
  test('that fails is recorded with its code, and so is each request that waited for it', async () => {
    const { scripted, ask, told } = scene()
    scripted.answer(() => new Error('away'))
    const code = 'ERR_RENEWAL_UNAVAILABLE'
    expect(await failure(ask())).toMatchObject({ code })
    expect(told().slice(1)).toEqual([
      { kind: 'renewalFailed', renewal: 1, outcome: 'unavailable', code, durationMs: 0 },
      { kind: 'gaveUp', request: 1, attempt: 1, waitedMs: 0, renewal: 1, code },
    ])
  })

  test('in the background has no waiting requests', async () => {
    const { manager, clock, scripted, ask, told, timeline } = scene()
    scripted.answerTokens(() => ({ expiresAt: clock.now() + 1000 }))
    await ask()
    clock.pass(999)
    timeline.clear()
    const renewed = new Promise((resolve) => manager.on('renewed', resolve))
    await ask()
    await renewed
    expect(told()).toEqual([
      { kind: 'sent', request: 2, attempt: 1, generation: 1, waitedMs: 0 },
      { kind: 'renewed', renewal: 2, generation: 2, grant: 'refresh token', durationMs: 0 },
    ])
  })

  test('of another tab is recorded as adopted, with the request that waited for it', async () => {
    const store = memoryStore()
    await store.setToken({ accessToken: 'a1' }, ORIGIN)
    const { ask, told } = scene({ store })
    await Promise.all([ask(), ask()])
    expect(told().slice(2)).toEqual([
      { kind: 'adopted', renewal: 1, generation: 1 },
      { kind: 'sent', request: 1, attempt: 1, generation: 1, waitedMs: 0, renewal: 1 },
      { kind: 'sent', request: 2, attempt: 1, generation: 1, waitedMs: 0, renewal: 1 },
    ])
  })

  test('before the timeline was created is not recorded', async () => {
    const { manager, timeline, ask } = scene()
    timeline.stop()
    await manager.setTokens({ accessToken: 'a7' })
    const late = createTimeline(manager)
    await ask()
    expect(late.entries.map(({ kind }) => kind)).toEqual(['sent'])
  })
})

describe('the session', () => {
  test('that a sign-in opens is recorded as adopted with the first request', async () => {
    const { manager, scripted, ask, told } = scene()
    scripted.answerTokens()
    await ask()
    await manager.setTokens({ accessToken: 'b1' })
    await ask()
    expect(told().slice(-2)).toEqual([
      { kind: 'adopted', renewal: 2, generation: 2 },
      { kind: 'sent', request: 2, attempt: 1, generation: 2, waitedMs: 0, renewal: 2 },
    ])
  })

  test('ends once, with its reason', async () => {
    const { manager, scripted, ask, told } = scene()
    scripted.answerTokens()
    await ask()
    await manager.signOut()
    expect(told().at(-1)).toEqual({ kind: 'signedOut', reason: 'signOut' })
    await failure(ask())
    expect(told().at(-1)).toMatchObject({ kind: 'gaveUp', code: 'ERR_SIGN_IN_REQUIRED' })
  })

  test('whose store fails is recorded with the store’s own code', async () => {
    const full = Object.assign(new Error('CANARY-7f3a does not fit'), { code: 'ERR_STORE_FULL' })
    const store = { ...memoryStore(), setToken: () => Promise.reject(full) }
    const { scripted, ask, told } = scene({ store })
    scripted.answerTokens()
    await ask()
    const code = 'ERR_STORE_FULL'
    expect(told()).toContainEqual({ kind: 'storeFailed', operation: 'set', code })
  })
})
