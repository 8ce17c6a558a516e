import { authorizedFetch } from '@latchkey/core/adapter'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { powerAuth } from '../src/index.ts'
import { createPowerAuthDouble } from './support/power-auth-double.ts'

const DAY = 86_400_000
let double: ReturnType<typeof createPowerAuthDouble>
let server: ListeningServer

beforeEach(async () => {
  double = createPowerAuthDouble()
  server = await listen(double, { basePath: '/bank' })
})
afterEach(() => server.close())

/** An app whose clock is a day slow, at a server under a sub-path. */
function setUp(more: { statusUrl?: string } = {}) {
  const tokens = powerAuth({
    origin: new URL(server.url).origin,
    clock: { now: () => Date.now() - DAY },
    createToken: () => double.control.createToken(),
    ...more,
  })
  const manager = tokens.token('balance', { authentication: 'possession' })
  return { manager, read: () => authorizedFetch(manager, fetch)(`${server.url}/balance`) }
}

test('over HTTP, the time is learnt from the status endpoint that is named', async () => {
  const { read } = setUp({ statusUrl: `${server.url}/pa/v3/status` })
  expect((await read()).status).toBe(200)
  expect(double.control.counts).toMatchObject({ created: 1, status: 1, accepted: 1, refused: 1 })
})

test("over HTTP, the time is learnt from a real server's Date header if it lacks the status endpoint", async () => {
  const { read } = setUp() // asks at the origin, outside the sub-path: a 404
  expect((await read()).status).toBe(200)
  expect(double.control.counts).toMatchObject({ status: 0, accepted: 1, refused: 1 })
})
