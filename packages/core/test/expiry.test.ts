import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { readJwtTimes } from '../src/expiry.ts'
import { expiryOnReceipt } from '../src/expiry.ts'
import { apiToken } from '../src/index.ts'
import { renewalInstant } from '../src/kernel/decisions.ts'
import { authorize, harness, jwt, sent, settled } from './support/harness.ts'

const NOW = 1_700_000_000_000
const iat = NOW / 1000

describe('the instant of expiry', () => {
  it('is the token set’s expiresAt', () => {
    expect(expiryOnReceipt({ accessToken: 'opaque', expiresAt: NOW + 5 }, NOW)).toBe(NOW + 5)
  })

  it('is unknown for an opaque token', () => {
    expect(expiryOnReceipt({ accessToken: 'opaque' }, NOW)).toBeUndefined()
  })

  it("is the JWT's exp when the clock is right", () => {
    const token = { accessToken: jwt({ iat, exp: iat + 10 }) }
    expect(expiryOnReceipt(token, NOW)).toBe(NOW + 10_000)
    expect(expiryOnReceipt(token, NOW + 900)).toBe(NOW + 10_000)
  })

  it.each([-86_400_000, -3_600_000, -1, 3_600_000, 86_400_000])(
    'is counted from receipt when the clock is %d ms off, less the second that iat may hide',
    (off) => {
      const now = NOW + off
      const token = { accessToken: jwt({ iat, exp: iat + 10 }) }
      expect(expiryOnReceipt(token, now)).toBe(now + 9_000)
    },
  )

  it("is the JWT's exp without an iat, and unknown without an exp", () => {
    expect(expiryOnReceipt({ accessToken: jwt({ exp: iat + 10 }) }, NOW)).toBe(NOW + 10_000)
    expect(expiryOnReceipt({ accessToken: jwt({ iat }) }, NOW)).toBeUndefined()
  })

  it('that is now is ignored for a token just received', () => {
    expect(expiryOnReceipt({ accessToken: 'a', expiresAt: NOW }, NOW)).toBeUndefined()
  })

  it('in the past is ignored for a token just received', () => {
    expect(expiryOnReceipt({ accessToken: 'a', expiresAt: NOW - 1 }, NOW)).toBeUndefined()
    expect(expiryOnReceipt({ accessToken: jwt({ exp: iat - 1 }) }, NOW)).toBeUndefined()
  })

  it.each([
    ['strings', { iat: `${iat}`, exp: `${iat + 10}` }],
    ['null', { iat: null, exp: null }],
    ['negative numbers', { iat: -5, exp: -1 }],
    ['booleans', { exp: true }],
    ['lists', { exp: [iat] }],
    ['nothing', {}],
    ['no object: null', null],
    ['no object: 5', 5],
    ['no object: a list', [1]],
  ])('is unknown for claims that are %s', (_, claims) => {
    expect(expiryOnReceipt({ accessToken: jwt(claims) }, NOW)).toBeUndefined()
  })

  it('in milliseconds by mistake is read as milliseconds', () => {
    expect(readJwtTimes(jwt({ exp: NOW + 10_000 }))).toEqual({ expiresAt: NOW + 10_000 })
  })

  it('is read as milliseconds from 1e12 on, and not at all beyond what a number can hold', () => {
    expect(readJwtTimes(jwt({ exp: 1e12 }))).toEqual({ expiresAt: 1e12 })
    const claims = Buffer.from('{"exp":1e999}').toString('base64url')
    expect(readJwtTimes(`e30.${claims}.x`)).toEqual({})
  })

  it('in the year 9999 counts as never', () => {
    const { expiresAt } = readJwtTimes(jwt({ exp: 253_402_300_799 }))
    expect(new Date(expiresAt ?? 0).getUTCFullYear()).toBe(9999)
  })

  it.each(['', 'a', 'a.b', 'a.b.c', 'a.b.c.d', 'a.b.c.d.e', '..', 'Bearer a.b.c'])(
    'is unknown for %j, which is not a JWT',
    (token) => expect(readJwtTimes(token)).toEqual({}),
  )
})

describe('the renewal', () => {
  it('starts a minute ahead, and never more than a fifth of the life ahead', () => {
    expect(renewalInstant(NOW + 3_600_000, NOW, 60_000)).toBe(NOW + 3_540_000)
    expect(renewalInstant(NOW + 10_000, NOW, 60_000)).toBe(NOW + 8_000)
    expect(renewalInstant(NOW + 10_000, NOW, 0)).toBe(NOW + 10_000)
  })

  it('of a 40-day token does not happen in its first minutes', async () => {
    const { manager, scripted, clock } = harness()
    scripted.answerTokens(() => ({ expiresAt: clock.now() + 40 * 86_400_000 }))
    await authorize(manager)
    clock.pass(120_000)
    await authorize(manager)
    await settled()
    expect(scripted.calls()).toBe(1)
  })

  it('happens once when the clock is an hour off, and the token is used', async () => {
    const { manager, scripted, clock } = harness()
    const server = clock.now() / 1000 - 3_600
    scripted.answer(() => ({ accessToken: jwt({ iat: server, exp: server + 60 }) }))
    const first = sent(await authorize(manager))
    clock.pass(30_000)
    expect(sent(await authorize(manager))).toBe(first)
    expect(scripted.calls()).toBe(1)
  })
})

describe('a permanent token', () => {
  it('is never renewed, not even a JWT whose exp is past', async () => {
    const { manager, clock, events } = harness({ grants: [apiToken(jwt({ iat: 1, exp: 2 }))] })
    await authorize(manager)
    clock.pass(24 * 3_600_000)
    await authorize(manager)
    await settled()
    expect(events.renewed).toHaveLength(1)
  })
})
