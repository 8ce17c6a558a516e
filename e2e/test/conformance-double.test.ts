import { createNocoDBDouble } from '@latchkey/testing'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conformanceCases } from '../conformance/cases.ts'
import type { ConformanceTarget } from '../conformance/target.ts'
import { openTarget } from '../conformance/target.ts'

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
