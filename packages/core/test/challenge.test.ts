import { describe, expect, it } from 'vitest'
import { LatchkeyError, type TokenSet } from '../src/index.ts'
import { answer, authorize, harness, sent } from './support/harness.ts'
import { watchedStore } from './support/watched-store.ts'

/** A manager that holds `a0` and answers challenges by `onChallenge`. */
async function challenged(onChallenge: (tokens: TokenSet) => TokenSet | undefined) {
  const { store, after } = watchedStore()
  const asked: string[] = []
  const made = harness({
    store,
    name: 'me',
    onChallenge: (_, tokens) => {
      asked.push(tokens.accessToken)
      return onChallenge(tokens)
    },
    isTokenRejected: ({ status }) => status === 401,
  })
  made.scripted.answerTokens()
  await made.manager.setTokens({ accessToken: 'a0', refreshToken: 'r0' })
  return { ...made, store, after, asked, first: await authorize(made.manager) }
}

describe('a challenge that is answered with another token set', () => {
  it.each([401, 403])('has the request sent again with it, after a %i', async (status) => {
    const { manager, first, scripted, store, after } = await challenged(() => ({
      accessToken: 'strong',
    }))
    const stored = after('setToken')
    const second = await manager.recover(first, answer(status))
    expect(sent(second)).toBe('Bearer strong')
    expect(sent(await authorize(manager))).toBe('Bearer strong')
    await stored
    expect(await store.getToken('me')).toMatchObject({ accessToken: 'strong', refreshToken: 'r0' })
    expect(scripted.calls()).toBe(0)
  })

  it('has it sent again once', async () => {
    const { manager, first, scripted } = await challenged(() => ({ accessToken: 'strong' }))
    const second = await manager.recover(first, answer(401))
    const response = answer(401)
    expect(second && (await manager.recover(second, response))).toBeUndefined()
    expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
    expect(scripted.calls()).toBe(0)
  })
})

describe('a challenge that is answered with the same token set', () => {
  it('has the request sent again with new headers, and a renewal may still follow', async () => {
    const { manager, first, scripted, asked } = await challenged((tokens) => tokens)
    const second = await manager.recover(first, answer(401))
    expect(sent(second)).toBe('Bearer a0')
    const third = second && (await manager.recover(second, answer(401)))
    expect(sent(third)).toBe('Bearer a1')
    expect(scripted.calls()).toBe(1)
    expect(asked).toEqual(['a0', 'a0'])
  })

  it('can be followed by one that is answered with another token set, once', async () => {
    let count = 0
    const { manager, first, scripted, asked } = await challenged((tokens) =>
      (count += 1) === 1 ? tokens : { accessToken: 'strong' },
    )
    const second = await manager.recover(first, answer(401))
    expect(sent(second)).toBe('Bearer a0')
    const third = second && (await manager.recover(second, answer(401)))
    expect(sent(third)).toBe('Bearer strong')
    expect(third && (await manager.recover(third, answer(401)))).toBeUndefined()
    expect(asked).toHaveLength(2)
    expect(scripted.calls()).toBe(0)
  })
})

it('a late challenge has isInUse false, because its token was replaced', async () => {
  const inUse: boolean[] = []
  const { manager } = harness({
    onChallenge: (_, tokens, isInUse) => {
      inUse.push(isInUse)
      return isInUse ? { accessToken: 'strong' } : tokens
    },
  })
  await manager.setTokens({ accessToken: 'a0' })
  const requests = [await authorize(manager), await authorize(manager)]
  const answers = requests.map(async (request) => manager.recover(request, answer(403)))
  for (const again of await Promise.all(answers)) expect(sent(again)).toBe('Bearer strong')
  expect(inUse).toEqual([true, true])
  const late = await manager.recover(requests[0]!, answer(403))
  expect(sent(late)).toBe('Bearer strong')
  expect(inUse).toEqual([true, true, false])
})

describe('a challenge', () => {
  it('without an answer is judged like any other response', async () => {
    const { manager, first, scripted } = await challenged(() => undefined)
    expect(await manager.recover(first, answer(403))).toBeUndefined()
    expect(sent(await manager.recover(first, answer(401)))).toBe('Bearer a1')
    expect(scripted.calls()).toBe(1)
  })

  it('that cannot be answered is explained, and nothing is sent again', async () => {
    const { manager, first, scripted } = await challenged(() => {
      throw new LatchkeyError('ERR_STEP_UP_REQUIRED', 'Sign in again.')
    })
    const response = answer(401)
    expect(await manager.recover(first, response)).toBeUndefined()
    expect(manager.explain(response)?.code).toBe('ERR_STEP_UP_REQUIRED')
    expect(scripted.calls()).toBe(0)
  })

  it('to a request of an earlier session does not send it with the next session’s token', async () => {
    const { manager, first } = await challenged(() => ({ accessToken: 'strong' }))
    await manager.setTokens({ accessToken: 'other' })
    const response = answer(401)
    expect(await manager.recover(first, response)).toBeUndefined()
    expect(manager.explain(response)?.code).toBe('ERR_SESSION_CHANGED')
  })

  it('that is answered after a sign-out does not send the request again', async () => {
    let give: (tokens: TokenSet) => void = () => undefined
    const { manager } = harness({
      onChallenge: () => new Promise<TokenSet>((resolve) => (give = resolve)),
    })
    await manager.setTokens({ accessToken: 'a0' })
    const response = answer(401)
    const recovered = manager.recover(await authorize(manager), response)
    await manager.signOut()
    give({ accessToken: 'strong' })
    expect(await recovered).toBeUndefined()
    expect(manager.state.status).toBe('signedOut')
  })
})
