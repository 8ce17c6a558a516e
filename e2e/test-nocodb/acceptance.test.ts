import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acceptanceCases } from '../acceptance/cases.ts'
import type { AcceptanceTarget } from '../acceptance/target.ts'
import { openAcceptance } from '../acceptance/target.ts'
import type { RunningNocoDB } from '../src/nocodb/server.ts'
import { startNocoDB } from '../src/nocodb/server.ts'

describe('accepted on the real NocoDB server', () => {
  let server: RunningNocoDB
  let target: AcceptanceTarget

  beforeAll(async () => {
    const onProgress = (line: string) => process.stderr.write(`[nocodb] ${line}\n`)
    server = await startNocoDB({ accessTokenLifetimeMs: 3000, createAdmin: false, onProgress })
    const passTime = async (ms: number) => wait(ms)
    target = await openAcceptance({
      ...server,
      baseUrl: server.url,
      fetch,
      passTime,
      now: Date.now,
    })
  })
  afterAll(() => server?.stop())

  test.each(acceptanceCases)('$name', async ({ run }) => {
    await expect(run(target)).resolves.toBeUndefined()
  })
})
