import { describe, expect, it } from 'vitest'
import { decodeEntry, encodeEntry, refuseNewer } from '../src/entry.ts'

const tokens = {
  accessToken: 'CANARY-7f3a-access',
  refreshToken: 'CANARY-7f3a-refresh',
  expiresAt: 1_800_000_000_000,
  refreshExpiresAt: 1_900_000_000_000,
  idToken: 'CANARY-7f3a-id',
  scope: 'openid read',
  dpopKey: '{"kty":"EC"}',
}

const code = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

describe('an entry', () => {
  it('holds the token set and the fields of the store that wrote it', () => {
    const entry = decodeEntry(encodeEntry(tokens, { name: 'ada' }))
    expect(entry.tokens).toEqual(tokens)
    expect({ ...entry.extra }).toEqual({ name: 'ada' })
    expect(Object.getPrototypeOf(entry.extra)).toBeNull()
  })

  it('leaves out unknown values', () => {
    const { accessToken } = tokens
    expect(JSON.parse(encodeEntry({ accessToken }))).toEqual({ version: 1, accessToken })
    expect(decodeEntry(encodeEntry({ accessToken })).tokens).toEqual({ accessToken })
  })

  it('takes nothing but a token set from what it is given', () => {
    const more = { ...tokens, password: 'CANARY-7f3a', __proto__: { admin: true } }
    expect(JSON.parse(encodeEntry(more))).toEqual({ version: 1, ...tokens })
  })

  it("keeps its own fields whatever the store's are called", () => {
    const entry = decodeEntry(encodeEntry(tokens, { accessToken: 'other', version: 7 }))
    expect(entry.tokens).toEqual(tokens)
  })

  it('may come parsed, from a storage that does so by itself', () => {
    expect(decodeEntry(JSON.parse(encodeEntry(tokens))).tokens).toEqual(tokens)
  })

  it('is not written for a value that is not a token set', () => {
    for (const odd of [
      undefined,
      null,
      'text',
      [],
      {},
      { accessToken: '' },
      { accessToken: 1 },
      { accessToken: 'a', refreshToken: '' },
    ]) {
      expect(code(() => encodeEntry(odd as never))).toBe('ERR_STORE_GARBAGE')
    }
  })

  it('is not written if it is too long for a reader', () => {
    expect(code(() => encodeEntry({ accessToken: 'x'.repeat(1_048_576) }))).toBe(
      'ERR_STORE_TOO_LARGE',
    )
  })

  it('with invalid instants has no instants', () => {
    const text = JSON.stringify({ ...tokens, version: 1, expiresAt: '1', refreshExpiresAt: -1 })
    const { expiresAt, refreshExpiresAt } = decodeEntry(text).tokens
    expect([expiresAt, refreshExpiresAt]).toEqual([undefined, undefined])
  })

  it.each([
    '',
    'null',
    '[]',
    '1',
    '"x"',
    '{',
    '{}',
    '{"version":1}',
    '{"accessToken":"a"}',
    '{"version":"1","accessToken":"a"}',
    '{"version":0,"accessToken":"a"}',
    '{"version":1,"accessToken":1}',
    '{"version":1,"accessToken":""}',
    '{"version":1,"accessToken":"a","refreshToken":1}',
    '{"version":1,"accessToken":"a","refreshToken":null}',
    '{"version":1,"__proto__":{"accessToken":"a"}}',
  ])('is not %j', (text) => {
    expect(code(() => decodeEntry(text))).toBe('ERR_STORE_GARBAGE')
    expect(code(() => refuseNewer(text))).toBeUndefined()
  })

  it('is not a text of more than a mebibyte', () => {
    const text = encodeEntry(tokens).replace('{', `{${' '.repeat(1_048_576)}`)
    expect(code(() => decodeEntry(text))).toBe('ERR_STORE_GARBAGE')
  })

  it('of a newer version is neither read nor overwritten', () => {
    const text = encodeEntry(tokens).replace('"version":1', '"version":2')
    expect(code(() => decodeEntry(text))).toBe('ERR_STORE_NEWER')
    expect(code(() => refuseNewer(text))).toBe('ERR_STORE_NEWER')
  })

  it('shows nothing of the garbage it was taken for', () => {
    const without = expect.not.objectContaining({ cause: expect.anything() })
    expect(() => decodeEntry('CANARY-7f3a {')).toThrow(without)
    expect(() => decodeEntry('CANARY-7f3a {')).not.toThrow('CANARY')
  })
})
