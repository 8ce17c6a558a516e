import { describe, expect, test } from 'vitest'
import { powerAuth } from '../src/index.ts'
import { failure, ORIGIN, reader, startBank } from './support/bank.ts'

function setUp() {
  const bank = startBank()
  const { tokenId, tokenSecret } = bank.control.createToken()
  const { clock, double } = bank
  const { fetch } = double
  const tokens = powerAuth({ origin: ORIGIN, fetch, clock, tokenId, tokenSecret })
  return { bank, tokens, read: reader(tokens.token('balance'), bank) }
}

describe('a token that the app has already', () => {
  test('signs, and nothing has to be created', async () => {
    const { bank, read } = setUp()
    expect([await read(), await read()]).toEqual([200, 200])
    expect(bank.control.counts.created).toBe(1)
  })

  test('learns the time like any other', async () => {
    const { bank, read } = setUp()
    bank.clock.pass(-86_400_000)
    expect(await read()).toBe(200)
    expect(bank.control.counts.status).toBe(1)
  })

  test('is not used any more after a refusal with a fresh header', async () => {
    const { bank, tokens, read } = setUp()
    await read()
    bank.control.revoke()
    expect(await read()).toBe(401)
    await new Promise((resolve) => setImmediate(resolve))
    expect(await failure(read())).toMatchObject({ code: 'ERR_TOKEN_NOT_CREATED' })
    expect(await failure(tokens.requestAccessToken('balance', 'possession'))).toMatchObject({
      code: 'ERR_API_TOKEN_REJECTED',
    })
    expect(bank.control.counts.refused).toBe(2)
  })
})
