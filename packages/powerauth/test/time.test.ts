import { describe, expect, test } from 'vitest'
import { askStatus, createServerTime } from '../src/server-time.ts'
import { failure, fakeClock, ORIGIN, startBank } from './support/bank.ts'

/** A server whose clock is ahead by what the test says, and an answer that takes what it says. */
function setUp() {
  const clock = fakeClock()
  const answer = { aheadMs: 0, takesMs: 0, known: true }
  const time = createServerTime(clock.now, async () => {
    clock.pass(answer.takesMs / 2)
    const serverTime = clock.now() + answer.aheadMs
    clock.pass(answer.takesMs / 2)
    return answer.known ? serverTime : undefined
  })
  const learn = async (now: Partial<typeof answer>) => {
    Object.assign(answer, now)
    await time.synchronize({ fetch })
    return time.now() - clock.now()
  }
  return { time, clock, learn }
}

describe("the server's time", () => {
  test('is our own until it was learnt', () => {
    const { time, clock } = setUp()
    expect(time.now()).toBe(clock.now())
  })

  test.each([
    ['ahead', 600_000],
    ['behind', -9_000_000],
  ])('is %s by what was measured, half the way allowed for', async (_, aheadMs) => {
    expect(await setUp().learn({ aheadMs, takesMs: 4_000 })).toBe(aheadMs)
  })

  test('is not learnt from an answer that took longer than 16 s', async () => {
    const { learn } = setUp()
    expect(await learn({ aheadMs: 600_000, takesMs: 16_002 })).toBe(0)
    expect(await learn({ takesMs: 16_000 })).toBe(600_000)
  })

  test('is not learnt while our own clock runs backwards, or when the answer is unknown', async () => {
    const { learn } = setUp()
    expect(await learn({ aheadMs: 600_000, takesMs: -2 })).toBe(0)
    expect(await learn({ takesMs: 0, known: false })).toBe(0)
  })

  test('is not learnt from an invalid value', async () => {
    const clock = fakeClock()
    const time = createServerTime(clock.now, async () => Number.NaN)
    await time.synchronize({ fetch })
    expect(time.now()).toBe(clock.now())
  })

  test('less than 2 s away counts as the same', async () => {
    const { learn } = setUp()
    expect(await learn({ aheadMs: 1_999 })).toBe(0)
    expect(await setUp().learn({ aheadMs: 2_000 })).toBe(2_000)
  })

  test('is corrected later by 10 s or more only', async () => {
    const { learn } = setUp()
    expect(await learn({ aheadMs: 600_000 })).toBe(600_000)
    expect(await learn({ aheadMs: 609_999 })).toBe(600_000)
    expect(await learn({ aheadMs: 610_000 })).toBe(610_000)
    expect(await learn({ aheadMs: 0 })).toBe(0)
  })
})

describe('asking for the time', () => {
  const ask = (response: Response) =>
    askStatus(`${ORIGIN}/pa/v3/status`)({ fetch: () => Promise.resolve(response) })
  const date = 'Tue, 14 Nov 2023 22:13:20 GMT'

  test('reads the status', async () => {
    const body = { status: 'OK', responseObject: { serverTime: 1_700_000_000_123 } }
    expect(await ask(Response.json(body, { headers: { date } }))).toBe(1_700_000_000_123)
  })

  test.each([
    ['a page', new Response('<html>', { headers: { date } })],
    ['a 404', new Response('', { status: 404, headers: { date } })],
    ['a 503', new Response('', { status: 503, headers: { date } })],
    ['nonsense', Response.json({ responseObject: { serverTime: '0' } }, { headers: { date } })],
  ])('takes the date of %s', async (_, response) => {
    expect(await ask(response)).toBe(1_700_000_000_000)
  })

  test('of a server without it is unknown, and a broken server is unavailable', async () => {
    expect(await ask(new Response('', { status: 404 }))).toBeUndefined()
    const broken = new Response('', { status: 503, headers: { 'retry-after': '7' } })
    const expected = { code: 'ERR_SERVER_UNAVAILABLE', retryAfterMs: 7_000 }
    expect(await failure(ask(broken))).toMatchObject(expected)
  })

  test('asks the status endpoint of the first origin, or the one that is named', async () => {
    const asked: string[] = []
    const send: typeof fetch = (input) => {
      asked.push(new Request(input).url)
      return Promise.resolve(new Response('{}'))
    }
    const bank = startBank({ fetch: send })
    await bank.open({ origin: [ORIGIN, 'https://other.test'] }).synchronizeTime()
    await bank.open({ statusUrl: 'https://bank.test/enrolment/pa/v3/status' }).synchronizeTime()
    expect(asked).toEqual([`${ORIGIN}/pa/v3/status`, 'https://bank.test/enrolment/pa/v3/status'])
  })

  test("can use the caller's function", async () => {
    const bank = startBank()
    const tokens = bank.open({ serverTime: async () => bank.clock.now() + 60_000_000 })
    await tokens.synchronizeTime()
    await tokens.requestAccessToken('balance', 'possession')
    const { value } = await tokens.generateHeaderForToken('balance')
    expect(value).toContain(`timestamp="${bank.clock.now() + 60_000_000}"`)
    expect(bank.control.counts.status).toBe(0)
  })
})
