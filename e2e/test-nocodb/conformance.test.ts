import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conformanceCases } from '../conformance/cases.ts'
import type { ConformanceTarget } from '../conformance/target.ts'
import { openTarget } from '../conformance/target.ts'
import type { RunningNocoDB } from '../src/nocodb/server.ts'
import { startNocoDB } from '../src/nocodb/server.ts'

describe('the real NocoDB server', () => {
  let server: RunningNocoDB
  let target: ConformanceTarget

  beforeAll(async () => {
    const onProgress = (line: string) => process.stderr.write(`[nocodb] ${line}\n`)
    server = await startNocoDB({ accessTokenLifetimeMs: 5000, createAdmin: false, onProgress })
    const passTime = async (ms: number) => wait(ms)
    target = await openTarget({ ...server, baseUrl: server.url, fetch, passTime })
  })
  afterAll(() => server?.stop())

  test.each(conformanceCases)('$name', async ({ run }) => {
    await expect(run(target)).resolves.toBeUndefined()
  })
})
