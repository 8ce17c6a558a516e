import { createNocoDBDouble } from '@latchkey/testing'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acceptanceCases } from '../acceptance/cases.ts'
import { type AcceptanceTarget, openAcceptance } from '../acceptance/target.ts'
import { conformanceCases } from '../conformance/cases.ts'
import { type ConformanceTarget, openTarget } from '../conformance/target.ts'

// The same cases run against the real server in test-nocodb/.
describe('the NocoDB double over HTTP', () => {
  const settings = { accessTokenLifetimeMs: 10_000, jwtSecret: 'conformance' }
  const double = createNocoDBDouble(settings)
  let server: ListeningServer
  let target: ConformanceTarget

  beforeAll(async () => {
    server = await listen(double, { basePath: '/nocodb' })
    const passTime = async (ms: number) => double.control.passTime(ms)
    target = await openTarget({ ...settings, baseUrl: server.url, fetch, passTime })
  })
  afterAll(() => server.close())

  test.each(conformanceCases)('$name', async ({ run }) => {
    await expect(run(target)).resolves.toBeUndefined()
  })
})

describe('accepted on the NocoDB double over HTTP', () => {
  const settings = { accessTokenLifetimeMs: 10_000, jwtSecret: 'acceptance' }
  const double = createNocoDBDouble(settings)
  let server: ListeningServer
  let target: AcceptanceTarget

  beforeAll(async () => {
    server = await listen(double, { basePath: '/nocodb' })
    let passed = 0
    const passTime = async (ms: number) => {
      passed += ms
      double.control.passTime(ms)
    }
    const now = () => Date.now() + passed
    target = await openAcceptance({ ...settings, baseUrl: server.url, fetch, passTime, now })
  })
  afterAll(() => server.close())

  test.each(acceptanceCases)('$name', async ({ run }) => {
    await expect(run(target)).resolves.toBeUndefined()
  })
})
