import { describe, expect, it } from 'vitest'
import { createTokenManager, memoryStore } from '../src/index.ts'
import { answer, authorize, harness, ORIGIN, sent, settled } from './support/harness.ts'

/** A manager whose first token is refused, and the next one just as well. */
async function refusedTwice(whenRefused?: 'keep' | 'end') {
  const store = memoryStore()
  const made = harness({ store, name: 'me', ...(whenRefused && { whenRefused }) })
  made.scripted.answerTokens()
  const first = await authorize(made.manager)
  const second = await made.manager.recover(first, answer(401))
  const response = answer(401)
  if (second) await made.manager.recover(second, response)
  return { ...made, store, second, response }
}

describe('a token that is refused although it was just renewed', () => {
  it('stays in use: this user may not do this', async () => {
    const { manager, store, events, response } = await refusedTwice()
    expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
    expect(sent(await authorize(manager))).toBe('Bearer a2')
    expect(events.signedOut).toEqual([])
    expect(await store.getToken('me')).toMatchObject({ accessToken: 'a2' })
  })

  it('is dead with whenRefused end: the store is emptied, and the next request asks the chain anew', async () => {
    const { manager, store, events, response, scripted, clock } = await refusedTwice('end')
    expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
    expect(events.signedOut).toEqual([{ at: clock.now(), reason: 'rejected' }])
    await settled()
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

  it('means nothing else than keep and end', () => {
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
