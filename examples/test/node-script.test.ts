import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runScript } from './support/run-script.ts'

vi.setConfig({ testTimeout: 60_000 })

const user = { email: 'ada@example.com', password: 'CANARY-7f3a-password' }

/** A NocoDB, a home for sessions, and a function that runs the script. */
async function start() {
  const double = createNocoDBDouble()
  double.control.addUser(user)
  double.control.addTable({ title: 'Notes' })
  const server = await listen(double)
  const home = await mkdtemp(join(tmpdir(), 'latchkey-node-script-'))
  onTestFinished(async () => {
    await server.close()
    await rm(home, { recursive: true })
  })
  const place = { HOME: home, XDG_STATE_HOME: home, LOCALAPPDATA: home, NOCODB_URL: server.url }
  const run = (env: Record<string, string> = {}, args: string[] = []) =>
    runScript('node-script/src/main.ts', args, { ...place, ...env })
  const withPassword = { NOCODB_EMAIL: user.email, NOCODB_PASSWORD: user.password }
  return { control: double.control, run, withPassword }
}

const report = /Signed in to \S+ as ada@example.com\n {2}Notes, Notes: 0 records\n$/

test('the first run signs in, the second goes on without the password', async () => {
  const { control, run, withPassword } = await start()
  const first = await run(withPassword)
  expect(first.output).toMatch(report)
  expect(first.output).toContain('(a new token, by email and password)')
  const second = await run()
  expect(second.output).toMatch(report)
  expect(second.output).not.toContain('a new token')
  expect([first.code, second.code]).toEqual([0, 0])
  expect(control.counts()).toMatchObject({ signIns: 1, renewals: 0, unauthorized: 0 })
  expect(first.output + second.output).not.toMatch(/CANARY|eyJ/)
})

test('runs whose token has expired renew it, once for two at a time', async () => {
  const { control, run, withPassword } = await start()
  await run(withPassword)
  control.revokeAccessTokens(user.email)
  for (const { code, output } of await Promise.all([run(), run()])) {
    expect(output).toMatch(report)
    expect(code).toBe(0)
  }
  expect(control.counts()).toMatchObject({ signIns: 1, renewals: 1, rejectedRenewals: 0 })
})

test('after a sign-out a run without the password fails, with the reason', async () => {
  const { control, run, withPassword } = await start()
  await run(withPassword)
  const out = await run({}, ['--sign-out'])
  expect(out.output).toMatch(/^Signed out of \S+\n$/)
  const { code, output } = await run()
  expect(output).toContain('ERR_SIGN_IN_REQUIRED')
  expect([out.code, code]).toEqual([0, 1])
  expect(control.counts().signOuts).toBe(1)
})
