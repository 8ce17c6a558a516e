import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { headerScheme, type TokenSet } from '../src/index.ts'
import { answer, authorize, failure, harness, request } from './support/harness.ts'

describe('a request that was being signed while another user signed in', () => {
  it('is not sent', async () => {
    let sign = () => undefined as void
    const scheme = {
      name: 'slow',
      headers: async ({ accessToken }: TokenSet) => {
        await new Promise<void>((resolve) => (sign = resolve))
        return { authorization: `Bearer ${accessToken}` }
      },
    }
    const { manager } = harness({ scheme })
    await manager.setTokens({ accessToken: 'a' })
    const signing = manager.authorize(request())
    await manager.setTokens({ accessToken: 'b' })
    sign()
    expect(await failure(signing)).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
  })
})

it('a request with the caller’s own header for a custom scheme needs no session', async () => {
  const { manager, scripted } = harness({ scheme: headerScheme('X-Api-Key') })
  const headers = new Headers({ 'x-api-key': 'mine' })
  expect((await manager.authorize({ ...request(), headers })).generation).toBe(0)
  expect(scripted.calls()).toBe(0)
})

it('a scheme that fails at the replay is named as the reason', async () => {
  let isBroken = false
  const headers = () => {
    if (isBroken) throw new Error('no key')
    return { authorization: 'Bearer a' }
  }
  const { manager, scripted, events } = harness({ scheme: { name: 'broken', headers } })
  scripted.answerTokens()
  const first = await authorize(manager)
  isBroken = true
  const response = answer(401)
  expect(await manager.recover(first, response)).toBeUndefined()
  expect(manager.explain(response)).toMatchObject({
    code: 'ERR_SCHEME_FAILED',
    message:
      'The scheme could not turn the token into headers, so the request was not sent (or not replayed).',
    cause: { message: 'no key' },
  })
  expect(events.retried).toEqual([])
})

it.each([
  ['throws', () => Promise.reject(new Error('a1 is not a key'))],
  ['returns an invalid header value', () => ({ 'x-token': 'a1\nv=1' })],
  [
    'returns a list with an invalid header value',
    () => [['x-token', 'a1\nv=1']] as [string, string][],
  ],
])('a scheme that %s sends nothing, and shows no token', async (_, headers) => {
  const { manager, scripted } = harness({ scheme: { name: 'broken', headers } })
  scripted.answerTokens()
  const error = await failure(authorize(manager))
  expect(error).toMatchObject({ code: 'ERR_SCHEME_FAILED' })
  expect(inspect(error)).not.toMatch(/\ba1\b/)
})
