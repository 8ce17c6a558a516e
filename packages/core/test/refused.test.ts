import { describe, expect, it } from 'vitest'
import type { Authorization } from '../src/adapter.ts'
import { createTokenManager } from '../src/index.ts'
import { answer, authorize, failure, harness, ORIGIN, sent } from './support/harness.ts'
import { watchedStore } from './support/watched-store.ts'

/** A manager whose first token is refused, and the next one just as well. */
async function refusedTwice(whenRefused?: 'keep' | 'end') {
  const { store, after } = watchedStore()
  const emptied = after('removeToken')
  const made = harness({ store, name: 'me', ...(whenRefused && { whenRefused }) })
  made.scripted.answerTokens()
  const first = await authorize(made.manager)
  const second = await made.manager.recover(first, answer(401))
  const response = answer(401)
  if (second) await made.manager.recover(second, response)
  return { ...made, store, emptied, second, response }
}

describe('a token that is rejected although it was just renewed', () => {
  it('stays in use, because the user may lack the permission', async () => {
    const { manager, store, events, response } = await refusedTwice()
    expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
    expect(sent(await authorize(manager))).toBe('Bearer a2')
    expect(events.signedOut).toEqual([])
    expect(await store.getToken('me')).toMatchObject({ accessToken: 'a2' })
  })

  it("ends the session with whenRefused: 'end', empties the store, and the next request asks the chain", async () => {
    const made = await refusedTwice('end')
    const { manager, store, emptied, events, response, scripted, clock } = made
    expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
    expect(events.signedOut).toEqual([{ at: clock.now(), reason: 'rejected' }])
    await emptied
    expect(await store.getToken('me')).toBeUndefined()
    expect(sent(await authorize(manager))).toBe('Bearer a3')
    expect(scripted.contexts.at(-1)).not.toHaveProperty('tokens')
  })

  it('ends the session once, and not the one that came after it', async () => {
    const { manager, events, second } = await refusedTwice('end')
    await authorize(manager)
    if (second) await manager.recover(second, answer(401))
    expect(events.signedOut).toHaveLength(1)
    expect(sent(await authorize(manager))).toBe('Bearer a3')
  })

  it("is the reason for every request that it was sent with, also for one that comes after whenRefused: 'end'", async () => {
    const { manager, scripted } = harness({ whenRefused: 'end' })
    scripted.answerTokens()
    const first = [await authorize(manager), await authorize(manager)]
    const second: (Authorization | undefined)[] = []
    for (const one of first) second.push(await manager.recover(one, answer(401)))
    const responses = [answer(401), answer(401)]
    for (const [at, response] of responses.entries()) {
      const one = second[at]
      if (one) await manager.recover(one, response)
    }
    const reasons = responses.map((response) => manager.explain(response)?.code)
    expect(reasons).toEqual(['ERR_FRESH_TOKEN_REJECTED', 'ERR_FRESH_TOKEN_REJECTED'])
  })

  it('allows only ’keep’ and ’end’ for whenRefused', () => {
    const { scheme, grants } = {
      scheme: { name: 'none', headers: () => ({}) },
      grants: [{ name: 'none', request: () => Promise.resolve(undefined) }],
    }
    const whenRefused = 'forget' as never
    expect(() => createTokenManager({ origin: ORIGIN, scheme, grants, whenRefused })).toThrow(
      "`whenRefused` must be 'keep' or 'end'.",
    )
  })
})

describe("a replay's token that is no longer good when its 401 comes", () => {
  it("was not refused if it expired on its way: the session goes on, also with whenRefused: 'end'", async () => {
    const { manager, scripted, clock, events } = harness({ whenRefused: 'end' })
    scripted.answerTokens(() => ({ expiresAt: clock.now() + 1_000 }))
    const second = await manager.recover(await authorize(manager), answer(401))
    clock.pass(1_000)
    const response = answer(401)
    expect(second && (await manager.recover(second, response))).toBeUndefined()
    expect(manager.explain(response)?.code).toBe('ERR_REPLAY_TOO_LATE')
    expect(events.signedOut).toEqual([])
    expect(sent(await authorize(manager))).toBe('Bearer a3')
    expect(scripted.contexts.at(-1)).toHaveProperty('tokens')
  })

  it('was not refused if a newer one is in use: that one is not renewed', async () => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const second = await manager.recover(await authorize(manager), answer(401))
    await manager.refresh()
    const response = answer(401)
    expect(second && (await manager.recover(second, response))).toBeUndefined()
    expect(manager.explain(response)?.code).toBe('ERR_REPLAY_TOO_LATE')
    expect(sent(await authorize(manager))).toBe('Bearer a3')
  })
})

describe('a result of isTokenRejected', () => {
  it('that is not a boolean counts as truthy or falsy', async () => {
    const verdicts: unknown[] = [null, undefined, 0, '', 'yes']
    const { manager, scripted } = harness({ isTokenRejected: () => verdicts.shift() as boolean })
    scripted.answerTokens()
    const first = await authorize(manager)
    for (let n = 0; n < 4; n += 1) expect(await manager.recover(first, answer(401))).toBeUndefined()
    expect(sent(await manager.recover(first, answer(401)))).toBe('Bearer a2')
  })
})

it('a server that rejects every fresh token is asked less and less often, down to once a minute', async () => {
  const { manager, scripted, clock } = harness()
  scripted.answerTokens()
  const asked: number[] = []
  for (let second = 0; second < 300; second += 1) {
    const before = scripted.calls()
    const next = await manager.recover(await authorize(manager), answer(401))
    if (next) await manager.recover(next, answer(401))
    if (scripted.calls() > before) asked.push(second)
    clock.pass(1_000)
  }
  expect(asked).toEqual([0, 2, 6, 14, 30, 62, 122, 182, 242])
})

it('a server that accepted a token in between is asked again after the first short pause', async () => {
  const { manager, scripted, clock } = harness()
  scripted.answerTokens()
  const refuse = async () => {
    const next = await manager.recover(await authorize(manager), answer(401))
    if (next) await manager.recover(next, answer(401))
  }
  await refuse()
  clock.pass(2_000)
  await manager.recover(await authorize(manager), answer(401)) // its replay is a success
  const before = scripted.calls()
  await refuse()
  clock.pass(2_000)
  await refuse()
  expect(scripted.calls()).toBe(before + 2)
})

describe('a clock that is set back an hour', () => {
  const HOUR = 3_600_000

  it('does not prolong the cool-down of a token that was refused', async () => {
    const { manager, scripted, clock } = await refusedTwice()
    clock.pass(-HOUR)
    const asked = scripted.calls()
    await manager.recover(await authorize(manager), answer(401))
    expect(scripted.calls()).toBe(asked + 1)
  })

  it('does not prolong the cool-down of a failed renewal', async () => {
    const { manager, scripted, clock } = harness()
    scripted.answer(() => Object.assign(new Error('down'), { retryAfterMs: 6_000 }))
    await failure(authorize(manager))
    scripted.answerTokens()
    clock.pass(-HOUR)
    expect(sent(await authorize(manager))).toMatch(/^Bearer a/)
  })
})
