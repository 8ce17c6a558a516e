import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readJwtOwner, readJwtTimes } from '../src/expiry.ts'
import { jwt } from './support/harness.ts'

const exp = 1_700_000_000
const known = { expiresAt: exp * 1000 }
const payload = (claims: unknown) => Buffer.from(JSON.stringify(claims)).toString('base64url')
const random = (bytes: number) => randomBytes(bytes).toString('base64url')

describe('the claims of a JWT', () => {
  it.each([
    ['without a signature', `e30.${payload({ exp })}.`],
    ['of two segments', `e30.${payload({ exp })}`],
    ['of four segments', `e30.${payload({ exp })}.x.y`],
    ['whose header is none', `.${payload({ exp })}.x`],
  ])('are read %s', (_, token) => {
    expect(readJwtTimes(token)).toEqual(known)
  })

  it('are read from base64url without padding, whatever the text in it', () => {
    // Of any three lengths one after the other, two would need padding.
    for (const name of ['Grüße', '世界 🔑?>~', '世界 🔑?>~ÿ', '\u{10ffff}\u0000']) {
      const token = jwt({ sub: name, exp })
      expect(token).not.toMatch(/[+/=]/)
      expect([readJwtTimes(token), readJwtOwner(token)]).toEqual([known, name])
    }
  })

  it('are read from a payload of a megabyte', () => {
    const token = jwt({ filling: 'x'.repeat(1_048_576), list: Array(1_000).fill(null), exp })
    expect(readJwtTimes(token)).toEqual(known)
  })

  it.each([
    ['encrypted (five segments)', `${payload({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.${random(256)}`],
    ['encrypted to a shared key (an empty segment)', payload({ alg: 'dir', enc: 'A256GCM' })],
  ])('are unknown when they are %s', (_, start) => {
    const rest = [random(12), random(64), random(16)]
    const token = [start, ...(start.includes('.') ? [] : ['']), ...rest].join('.')
    expect(token.split('.')).toHaveLength(5)
    expect([readJwtTimes(token), readJwtOwner(token)]).toEqual([{}, undefined])
  })

  it.each([
    ['null', null],
    ['a number', 5],
    ['a word', 'exp'],
    ['a list', [exp]],
    ['true', true],
  ])('are empty when the payload is %s', (_, claims) => {
    expect([readJwtTimes(jwt(claims)), readJwtOwner(jwt(claims))]).toEqual([{}, undefined])
  })

  it.each([
    '',
    '.',
    '..',
    '....',
    'e30.e30',
    'a.b.c',
    'e30.*.x',
    `e30.${random(64)}.x`,
    '.'.repeat(16_384),
  ])('are empty in %j', (token) =>
    expect([readJwtTimes(token), readJwtOwner(token)]).toEqual([{}, undefined]),
  )

  it('in a `__proto__` of the payload are ignored', () => {
    expect(
      readJwtTimes(`e30.${Buffer.from('{"__proto__":{"exp":1}}').toString('base64url')}.x`),
    ).toEqual({})
  })
})

describe('the owner of a JWT', () => {
  it.each([
    [{ sub: 'ada' }, 'ada'],
    [{ sub: 'ada', id: 'bob', email: 'c@d' }, 'ada'],
    [{ id: 'bob', email: 'c@d' }, 'bob'],
    [{ email: 'c@d' }, 'c@d'],
    [{ id: 0 }, '0'],
    [{ id: 7 }, '7'],
    [{ sub: null, id: 7 }, '7'],
    [{ id: {} }, undefined],
    [{ id: ['ada'] }, undefined],
    [{ id: true }, undefined],
    [{}, undefined],
  ])('of %j is %j', (claims, owner) => {
    expect(readJwtOwner(jwt(claims))).toBe(owner)
  })
})
