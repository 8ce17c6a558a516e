import { describe, expect, it } from 'vitest'
import { GrantDeferredError, memoryStore } from '../src/index.ts'
import { answer, authorize, failure, harness, sent, settled } from './support/harness.ts'

/** A manager whose renewals need the user, and whose token is good for another hour. */
async function deferring() {
  const store = memoryStore()
  const made = harness({ store, name: 'me' })
  made.scripted.answer(() => new GrantDeferredError('Accept the new terms first.'))
  const expiresAt = made.clock.now() + 3_600_000
  await made.manager.setTokens({ accessToken: 'a0', refreshToken: 'r0', expiresAt })
  return { ...made, store }
}

describe('a renewal that needs the user', () => {
  it('keeps the session, emits an event, and does not start again', async () => {
    const { manager, scripted, clock, events, store } = await deferring()
    clock.pass(3_600_000)
    for (let turn = 0; turn < 3; turn += 1) {
      const error = await failure(authorize(manager))
      expect(error).toMatchObject({ code: 'ERR_USER_ACTION_REQUIRED' })
      expect(error.message).toBe('Accept the new terms first.')
      clock.pass(600_000)
    }
    expect(scripted.calls()).toBe(1)
    expect(events.renewalFailed).toMatchObject([{ outcome: 'deferred' }])
    expect(events.signedOut).toEqual([])
    expect(await store.getToken('me')).toMatchObject({ refreshToken: 'r0' })
  })

  it('lets requests go out while the token is valid', async () => {
    const { manager, scripted, clock } = await deferring()
    clock.pass(3_600_000 - 30_000)
    for (let turn = 0; turn < 3; turn += 1) {
      expect(sent(await authorize(manager))).toBe('Bearer a0')
      await settled()
    }
    expect(scripted.calls()).toBe(1)
  })

  it('explains the 401 that started it', async () => {
    const { manager } = await deferring()
    const response = answer(401)
    expect(await manager.recover(await authorize(manager), response)).toBeUndefined()
    expect(manager.explain(response)?.code).toBe('ERR_USER_ACTION_REQUIRED')
  })

  it('starts again with refresh()', async () => {
    const { manager, scripted, clock } = await deferring()
    clock.pass(3_600_000)
    await failure(authorize(manager))
    scripted.answerTokens()
    await manager.refresh()
    expect(sent(await authorize(manager))).toBe('Bearer a2')
  })

  it.each([
    ['setTokens()', true],
    ['another process that signs in', false],
  ])('ends with %s', async (_, isHere) => {
    const { manager, clock, store } = await deferring()
    clock.pass(3_600_000)
    await failure(authorize(manager))
    const tokens = { accessToken: 'b0', expiresAt: clock.now() + 3_600_000 }
    await (isHere ? manager.setTokens(tokens) : store.setToken(tokens, 'me'))
    expect(sent(await authorize(manager))).toBe('Bearer b0')
  })
})
