import { describe, expect, test } from 'vitest'
import { hmacSha256, type PowerAuthVersion, signToken } from '../src/token-digest.ts'
import { fakeClock, ORIGIN } from './support/bank.ts'
import { createPowerAuthDouble } from './support/power-auth-double.ts'

/** A server, and a way to send it a header, changed on the way or not. */
function setUp() {
  const clock = fakeClock()
  const { fetch: send, control } = createPowerAuthDouble(clock)
  const token = control.createToken()
  const sign = async (version: PowerAuthVersion = '3.3', aheadMs = 0) =>
    (await signToken(token, { version, mac: hmacSha256 }, clock.now() + aheadMs)).value
  const answer = async (header: string) => {
    const headers = { 'x-powerauth-token': header }
    const { status } = await send(`${ORIGIN}/balance`, { headers })
    return status === 200 ? 'accepted' : control.refusals.at(-1)
  }
  return { send, control, token, sign, answer }
}

describe('the double of the tests', () => {
  test('takes the fields in any order, with and without commas', async () => {
    const { sign, answer } = setUp()
    const fields = (await sign()).replace('PowerAuth ', '').split(', ')
    expect(await answer(`PowerAuth ${fields.toReversed().join(' ')}`)).toBe('accepted')
  })

  test.each<[string, (header: string) => string]>([
    ['TOKEN_ID_INVALID', (header) => header.replace('PowerAuth ', 'Bearer ')],
    ['TOKEN_ID_INVALID', (header) => header.replace(/token_id="[^"]+"/, 'token_id="1"')],
    ['DIGEST_INVALID', (header) => header.replace(/digest="..../, 'digest="')],
    ['NONCE_INVALID', (header) => header.replace(/nonce="..../, 'nonce="')],
    ['TIMESTAMP_INVALID', (header) => header.replace(/timestamp="/, 'timestamp="-')],
    ['VERSION_INVALID', (header) => header.replace('"3.3"', '"2.1"')],
    ['wrong digest', (header) => header.replace(/nonce="....../, 'nonce="AAAAAA')],
    ['wrong digest', (header) => header.replace('"3.3"', '"3.2"')],
  ])('refuses as %s', async (refusal, change) => {
    const { sign, answer } = setUp()
    expect(await answer(change(await sign()))).toBe(refusal)
  })

  test.each<[PowerAuthVersion, number, string]>([
    ['3.3', -7_200_000, 'accepted'],
    ['3.3', -7_200_001, 'ERR0030 too old'],
    ['3.3', 60_000, 'accepted'],
    ['3.2', 60_001, 'ERR0044 too far ahead'],
    ['3.1', 1_800_000, 'accepted'],
    ['3.0', 1_800_001, 'ERR0044 too far ahead'],
  ])('has a time window: %s, %i ms ahead is %s', async (version, aheadMs, outcome) => {
    const { sign, answer } = setUp()
    expect(await answer(await sign(version, aheadMs))).toBe(outcome)
  })

  test('accepts a nonce once, and refuses a removed token', async () => {
    const { sign, answer, send, control, token } = setUp()
    const header = await sign()
    expect([await answer(header), await answer(header)]).toEqual(['accepted', 'ERR0024 replay'])
    const remove = (headers: Record<string, string>) =>
      send(`${ORIGIN}/pa/v3/token/remove`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ requestObject: { tokenId: token.tokenId } }),
      })
    expect((await remove({})).status).toBe(401)
    expect(await answer(await sign())).toBe('accepted')
    const signed = { 'x-powerauth-authorization': 'PowerAuth signed' }
    expect([(await remove(signed)).status, (await remove(signed)).status]).toEqual([200, 200])
    expect(await answer(await sign())).toBe('ERR0016 unknown token')
    expect(control.counts).toMatchObject({ accepted: 2, refused: 2, removed: 2 })
  })

  test('answers every refusal alike, and a missing header too', async () => {
    const { send } = setUp()
    const response = await send(`${ORIGIN}/balance`)
    expect([response.status, await response.json()]).toEqual([
      401,
      {
        status: 'ERROR',
        responseObject: { code: 'ERR_AUTHENTICATION', message: 'POWER_AUTH_TOKEN_INVALID' },
      },
    ])
  })
})
