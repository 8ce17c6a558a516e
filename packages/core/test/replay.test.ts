import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { GrantRejectedError, type Scheme } from '../src/index.ts'
import {
  answer,
  authorize,
  harness,
  next,
  ORIGIN,
  sent,
  settled,
  signedIn,
} from './support/harness.ts'
import { watchedStore } from './support/watched-store.ts'

describe('a scheme', () => {
  it('receives the URL and the method of the request', async () => {
    const headers: Scheme['headers'] = ({ accessToken }, { url, method }) => ({
      authorization: `${method} ${url.pathname}${url.search} ${accessToken}`,
    })
    const { manager, scripted } = harness({ scheme: { name: 'signed', headers } })
    scripted.answer(() => ({ accessToken: 'a1' }))
    const url = `${ORIGIN}/items?page=2`
    for (const given of [url, new URL(url)]) {
      const { headers: made } = await manager.authorize({ url: given, method: 'PUT' })
      expect(made).toEqual({ authorization: 'PUT /items?page=2 a1' })
    }
  })

  it.each<[string, HeadersInit]>([
    ['a list', [['X-Signature', 's']]],
    ['Headers', new Headers({ 'X-Signature': 's' })],
    ['an object', { 'x-signature': 's' }],
  ])('may give its headers as %s', async (_, init) => {
    const { manager, scripted } = harness({ scheme: { name: 'any', headers: () => init } })
    scripted.answerTokens()
    expect((await authorize(manager)).headers).toEqual({ 'x-signature': 's' })
  })

  it('of two headers adds neither to a request that has one of them', async () => {
    const scheme = { name: 'two', headers: () => ({ 'x-key': 'k', 'x-signature': 's' }) }
    const { manager, scripted } = harness({ scheme })
    scripted.answerTokens()
    const own = new Headers({ 'x-signature': 'mine' })
    const authorization = await manager.authorize({ url: ORIGIN, method: 'GET', headers: own })
    expect(authorization).toMatchObject({ headers: {}, generation: 0, renewable: false })
  })
})

describe('a request that is sent again', () => {
  it('cannot be sent a third time', async () => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const first = await authorize(manager)
    const second = await manager.recover(first, answer(401))
    expect([first.renewable, second?.renewable]).toEqual([true, false])
  })

  it('is announced without its query', async () => {
    const { manager, scripted, clock, events } = harness()
    scripted.answerTokens()
    const first = await manager.authorize({ url: `${ORIGIN}/items?q=private#top`, method: 'PUT' })
    await manager.recover(first, answer(401))
    const at = clock.now()
    const url = `${ORIGIN}/items`
    expect(events.retried).toEqual([{ at, generation: 2, method: 'PUT', url }])
  })

  it('with a token that is rejected again does not end the cool-down of a newer one', async () => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const older = await manager.recover(await authorize(manager), answer(401))
    const newer = await manager.recover(await authorize(manager), answer(401))
    await manager.recover(newer as never, answer(401))
    await manager.recover(older as never, answer(401))
    const response = answer(401)
    expect(await manager.recover(await authorize(manager), response)).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({ code: 'ERR_FRESH_TOKEN_REJECTED' })
    expect(scripted.calls()).toBe(3)
  })
})

it('a one-shot body and a failed renewal do not cause an unhandled rejection', async () => {
  const unhandled = vi.fn<() => void>()
  process.on('unhandledRejection', unhandled)
  const { manager, scripted, events } = await signedIn()
  const first = await authorize(manager)
  scripted.answer(() => new GrantRejectedError('no'))
  await manager.recover(first, answer(401), { replayable: false })
  await setImmediate()
  await setImmediate()
  process.off('unhandledRejection', unhandled)
  expect(events.signedOut).toHaveLength(1)
  expect(unhandled).not.toHaveBeenCalled()
})

describe('a late 401 of a session that is over', () => {
  it('renews nothing for the next session', async () => {
    const { manager, scripted, clock } = await signedIn()
    const first = await authorize(manager)
    await manager.setTokens({ accessToken: 'b', expiresAt: clock.now() + 1_000 })
    clock.pass(1_000)
    const response = answer(401)
    expect(await manager.recover(first, response)).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    await settled()
    expect(scripted.calls()).toBe(1)
  })

  it('is not sent again with the tokens of a new sign-in', async () => {
    const { store, tell } = watchedStore()
    const { manager, scripted } = await signedIn({ store, name: 'me' })
    const first = await authorize(manager)
    store.removeToken('me')
    const ended = next(manager, 'signedOut')
    tell()
    await ended
    scripted.answer(() => ({ accessToken: 'next' }))
    const response = answer(401)
    expect(await manager.recover(first, response)).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
    expect(sent(await authorize(manager))).toBe('Bearer next')
  })
})

describe("a scheme's header names", () => {
  it.each([['X-Key'], ['x-KEY']])('%s leaves in lower case', async (name) => {
    const scheme = { name: 'own', headers: () => ({ 'x-first': '1', [name]: 'k' }) }
    const { manager, scripted } = harness({ scheme })
    scripted.answerTokens()
    expect((await authorize(manager)).headers).toEqual({ 'x-first': '1', 'x-key': 'k' })
  })
})
