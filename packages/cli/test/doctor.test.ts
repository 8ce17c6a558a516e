import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

it('everything is well after a sign-in', async () => {
  await scene.signIn()
  const { code, of } = await examine()
  expect(code).toBe(0)
  expect(of('user')).toMatchObject({ ok: true, found: expect.stringContaining(ada.email) })
})

it('reads well: a line for each check', async () => {
  await scene.signIn()
  const { stdout } = await scene.home.run(['doctor'])
  expect(stdout).toMatch(/^ok {6}node: v\d/)
  expect(stdout).toMatch(/^ok {6}clock: agrees with the server$/m)
})

it('nobody signed in: the session is what is missing', async () => {
  const { code, of } = await examine()
  expect(code).toBe(1)
  expect(of('session')).toMatchObject({ ok: false, found: expect.stringContaining('sign-in') })
})

it('a session revoked at the server: the user is what fails, with what to do', async () => {
  await scene.signIn()
  scene.double.control.revokeSessions(ada.email)
  const { of } = await examine()
  expect(of('server')?.ok).toBe(true)
  expect(of('user')).toMatchObject({ ok: false, found: expect.stringContaining('Sign in again') })
})

it('a server that is down is told as such', async () => {
  await scene.signIn()
  scene.double.control.failNext('info', 9, 'network')
  const { code, of } = await examine()
  expect(code).toBe(1)
  expect(of('server')?.ok).toBe(false)
  expect(of('token')).toBeUndefined()
})

it('a damaged session file is told, and left as it is', async () => {
  await scene.signIn()
  writeFileSync(sessionFile(), '{"version":1,"accessTok')
  const { of } = await examine()
  expect(of('file store')).toMatchObject({ ok: false })
  expect(statSync(sessionFile()).size).toBe(23)
})

it('a mode that was loosened is put right by looking', async () => {
  await scene.signIn()
  chmodSync(sessionFile(), 0o644)
  await examine()
  expect(statSync(sessionFile()).mode & 0o077).toBe(0)
})

it('the environment that decides is named', async () => {
  await scene.signIn()
  const env = { NOCODB_URL: scene.url, NOCODB_EMAIL: ada.email, NOCODB_PASSWORD: ada.password }
  const { stdout } = await scene.home.run(['doctor'], { env })
  expect(stdout).toContain('NOCODB_URL, NOCODB_EMAIL, NOCODB_PASSWORD decide')
  expect(stdout).not.toContain(ada.password)
})
