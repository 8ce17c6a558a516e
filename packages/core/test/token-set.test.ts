import { describe, expect, it } from 'vitest'
import { readTokenSet, sameTokens, secretsOf } from '../src/token-set.ts'
import { harness } from './support/harness.ts'

describe('a token set from outside', () => {
  it('inherits nothing, so that an absent property stays absent', () => {
    expect(Object.getPrototypeOf(readTokenSet({ accessToken: 'a' }))).toBeNull()
  })

  it('keeps its own properties and nothing else', () => {
    const bare = { accessToken: 'a', refreshToken: 'r', expiresAt: 1, refreshExpiresAt: 2 }
    const tokens = { ...bare, idToken: 'i', scope: 'all', dpopKey: '{}' }
    expect({ ...readTokenSet({ ...tokens, type: 'Bearer' }) }).toStrictEqual(tokens)
    const odd = { idToken: 5, scope: ['all'], dpopKey: '' }
    expect({ ...readTokenSet({ accessToken: 'a', ...odd }) }).toStrictEqual({ accessToken: 'a' })
  })

  it.each(['5', Number.NaN, Infinity, -Infinity, 0, -1, true, null, {}])(
    'loses an invalid instant: %j',
    (instant) => {
      const tokens = { accessToken: 'a', expiresAt: instant, refreshExpiresAt: instant }
      expect({ ...readTokenSet(tokens) }).toStrictEqual({ accessToken: 'a' })
    },
  )

  it.each([null, undefined])('has no refresh token when that is %j', (refreshToken) => {
    expect({ ...readTokenSet({ accessToken: 'a', refreshToken }) }).toStrictEqual({
      accessToken: 'a',
    })
  })

  it.each<[unknown, string]>([
    ['text', 'The answer of the server, the grant or the store contains no token set.'],
    [5, 'The answer of the server, the grant or the store contains no token set.'],
    [null, 'The answer of the server, the grant or the store contains no token set.'],
    [undefined, 'The answer of the server, the grant or the store contains no token set.'],
    [{}, '`accessToken` is not a string but undefined.'],
    [{ accessToken: '' }, '`accessToken` is empty.'],
    [{ accessToken: 'a', refreshToken: 7 }, '`refreshToken` is not a string but number.'],
  ])('is refused when it is %j', (value, message) => {
    expect(() => readTokenSet(value)).toThrow(
      expect.objectContaining({ code: 'ERR_UNUSABLE_TOKEN', message }),
    )
  })
})

it('two token sets are the same when both of their tokens are', () => {
  const one = { accessToken: 'a', refreshToken: 'r' }
  expect(sameTokens(one, { ...one, expiresAt: 5 })).toBe(true)
  expect(sameTokens(one, { ...one, accessToken: 'b' })).toBe(false)
  expect(sameTokens(one, { ...one, refreshToken: 's' })).toBe(false)
  expect(sameTokens(one, undefined)).toBe(false)
  expect(sameTokens(undefined, undefined)).toBe(true)
})

it('the secrets of a token set are its tokens', () => {
  expect(secretsOf({ accessToken: 'a', refreshToken: 'r', expiresAt: 5 })).toEqual(['a', 'r'])
  expect(secretsOf({ accessToken: 'a' })).toEqual(['a'])
  expect(secretsOf(undefined)).toEqual([])
})

it('the token set that a caller gets inherits nothing', async () => {
  const { manager, scripted } = harness()
  scripted.answerTokens()
  for (const tokens of [await manager.getTokens(), await manager.refresh()])
    expect(Object.getPrototypeOf(tokens)).toBeNull()
})

it('the tokens for other APIs are secret, but neither their origins nor why one is missing', () => {
  const others = { 'https://b.test': 'second', 'https://c.test': 'missing: ERR_X' }
  const tokens = { accessToken: 'first', audienceTokens: JSON.stringify(others) }
  expect(secretsOf(tokens)).toEqual(['first', 'second'])
})
