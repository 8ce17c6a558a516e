import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runScript } from '../../examples/test/support/run-script.ts'
import { type RunningNocoDB, startNocoDB } from '../src/nocodb/server.ts'

describe('on the real NocoDB server', () => {
  let server: RunningNocoDB
  let home: string
  let env: Record<string, string>
  let credentials: Record<string, string>

  beforeAll(async () => {
    const onProgress = (line: string) => process.stderr.write(`[nocodb] ${line}\n`)
    server = await startNocoDB({ accessTokenLifetimeMs: 3000, onProgress })
    home = await mkdtemp(join(tmpdir(), 'latchkey-examples-'))
    const { url, admin } = server
    env = { NOCODB_URL: url, HOME: home, XDG_STATE_HOME: home }
    credentials = { NOCODB_EMAIL: admin.email, NOCODB_PASSWORD: admin.password }
  })
  afterAll(async () => {
    await server?.stop()
    await rm(home, { recursive: true, force: true })
  })

  test.each(['clients axios', 'clients fetch', 'clients ky', 'nocodb-sdk', 'openapi-fetch'])(
    'the example %s signs in and says what it may see',
    async (words) => {
      const [folder, ...args] = words.split(' ')
      const { code, output } = await runScript(`${folder}/src/main.ts`, args, {
        ...env,
        ...credentials,
      })
      expect(output).toMatch(
        /Signed in to \S+ as admin@example.com\nBases:\n {2}\w+ {2}Getting Started/,
      )
      expect(code).toBe(0)
    },
  )

  test('the example node-script needs the password once, also when its token has expired', async () => {
    const run = (more: Record<string, string> = {}) =>
      runScript('node-script/src/main.ts', [], { ...env, ...more })
    const first = await run(credentials)
    expect(first.output).toContain('(a new token, by email and password)')
    await wait(server.accessTokenLifetimeMs)
    const second = await run()
    expect(second.output).toContain('(a new token, by refresh token)')
    expect([first.code, second.code]).toEqual([0, 0])
  })
})
