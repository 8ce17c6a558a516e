import { chmodSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listen } from '@latchkey/testing/node'
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()

interface Finding {
  check: string
  ok: boolean
  found: string
}

async function examine(...args: string[]) {
  const { code, stdout } = await scene.home.run(['doctor', '--json', ...args])
  const findings = JSON.parse(stdout) as Finding[]
  return { code, of: (check: string) => findings.find((finding) => finding.check === check) }
}

const stateFiles = () =>
  readdirSync(scene.home.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** The file that holds the session: the one with a token in a name that is a hash. */
const sessionFile = () =>
  stateFiles().find((file) => /[\w-]{43}\.json$/.test(file)) ?? expect.fail('no session file')

it('reports no problem after a sign-in', async () => {
  await scene.signIn()
  const { code, of } = await examine()
  expect(code).toBe(0)
  expect(of('user')).toMatchObject({ ok: true, found: expect.stringContaining(ada.email) })
})

it('prints one line for each check', async () => {
  await scene.signIn()
  const { stdout } = await scene.home.run(['doctor'])
  expect(stdout).toMatch(/^ok {6}node: v\d/)
  expect(stdout).toMatch(/^ok {6}clock: agrees with the server$/m)
})

it('without a sign-in, reports that the session is missing', async () => {
  const { code, of } = await examine()
  expect(code).toBe(1)
  expect(of('session')).toMatchObject({ ok: false, found: expect.stringContaining('sign-in') })
})

it('reports a session that the server revoked, under "user", with what to do', async () => {
  await scene.signIn()
  scene.double.control.revokeSessions(ada.email)
  const { of } = await examine()
  expect(of('server')?.ok).toBe(true)
  expect(of('user')).toMatchObject({ ok: false, found: expect.stringContaining('Sign in again') })
})

it('reports a server that is down', async () => {
  await scene.signIn()
  scene.double.control.failNext('info', 9, 'network')
  const { code, of } = await examine()
  expect(code).toBe(1)
  expect(of('server')).toMatchObject({
    ok: false,
    found: expect.stringContaining('cannot be reached'),
  })
  expect(of('token')).toBeUndefined()
})

it('reports a damaged session file and leaves it as it is', async () => {
  await scene.signIn()
  writeFileSync(sessionFile(), '{"version":1,"accessTok')
  const { of } = await examine()
  expect(of('file store')).toMatchObject({ ok: false })
  expect(statSync(sessionFile()).size).toBe(23)
})

it('closes a file that was open to other users, and reports it', async () => {
  await scene.signIn()
  const file = sessionFile()
  chmodSync(file, 0o644)
  chmodSync(scene.home.sessions(), 0o755)
  const { code, of } = await examine()
  expect(code).toBe(1)
  expect(of('permissions')).toMatchObject({ ok: false })
  for (const told of [`${file} (mode 644)`, '(mode 755)', 'sign out and in again']) {
    expect(of('permissions')?.found).toContain(told)
  }
  expect(statSync(file).mode & 0o077).toBe(0)
  expect(await examine()).toMatchObject({ code: 0 })
})

it('reports a wrong clock, by how much, and what to do', async () => {
  await scene.signIn()
  const app = new Hono()
  app.all('*', () => new Response('{}', { headers: { date: 'Fri, 20 Nov 2026 00:00:00 GMT' } }))
  const server = await listen({ fetch: (request) => app.fetch(request) })
  const env = { NOCODB_URL: server.url, NOCODB_API_TOKEN: 'CANARY-7f3a' }
  const { stdout } = await scene.home.run(['doctor'], { env })
  await server.close()
  expect(stdout).toMatch(/FAILED {2}clock: \d+ s (ahead of|behind) the server's: set this machine/)
})

it('reports a session without its secrets beside the other checks', async () => {
  await scene.signIn()
  unlinkSync(sessionFile())
  const { code, of } = await examine()
  expect(code).toBe(1)
  expect(of('file store')?.found).toContain(`latchkey sign-in ${scene.url}`)
})

it('names the environment variables that choose the session', async () => {
  await scene.signIn()
  const env = { NOCODB_URL: scene.url, NOCODB_EMAIL: ada.email, NOCODB_PASSWORD: ada.password }
  const { stdout } = await scene.home.run(['doctor'], { env })
  expect(stdout).toContain('NOCODB_URL, NOCODB_EMAIL, NOCODB_PASSWORD decide')
  expect(stdout).not.toContain(ada.password)
})
