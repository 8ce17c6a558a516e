import { fileStore } from '@latchkey/stores/file'
import { readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bob, useScene } from './support/scene.ts'

const scene = useScene()
const run = (...args: string[]) => scene.home.run(args)

/** Puts `expiresAt` into the session of `name`, as the server of any service might have. */
async function expireAt(name: string, expiresAt: number): Promise<void> {
  const store = fileStore({ directory: scene.home.sessions() })
  const tokens = await store.getToken(name)
  await store.setToken({ accessToken: 'none', ...tokens, expiresAt }, name)
}

it.each([9.22e21, Number.MAX_VALUE, 8.64e15 + 1, 8.64e15])(
  'a token that expires at %d lasts for ever, and hides no other session',
  async (expiresAt) => {
    await scene.signIn()
    await scene.signIn(bob)
    await expireAt(scene.url, expiresAt)
    const { code, stdout, stderr } = await run('status')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(bob.email)
    expect(stdout).toMatch(/expires +never/)
    expect((await run('status', '--session', scene.url, '--json')).code).toBe(0)
    expect((await run('token', '--session', scene.url)).code).toBe(0)
    expect((await run('doctor', '--session', scene.url)).code).toBe(0)
    const stdin = `protocol=http\nhost=${new URL(scene.url).host}\nusername=ada@example.com\n`
    const git = await scene.home.run(['git-credential', 'get'], { stdin })
    expect(git.stdout).toMatch(/^username=ada@example.com\npassword=\S+\n$/) // git would read 1e300 as 1970
  },
)

it('status shows an unreadable session beside the others', async () => {
  await scene.signIn()
  await scene.signIn(bob)
  const name = createHash('sha256').update(scene.url, 'utf16le').digest('hex')
  writeFileSync(join(scene.home.sessions(), `${name}.json`), '{"version":1,"acc')
  const { code, stdout } = await run('status')
  expect(code).toBe(5)
  expect(stdout).toContain('is not a session')
  expect(stdout).toContain(bob.email)
  expect(stdout).toMatch(/renewable +yes/)
})

it('an address in the list that is none hides no session from git', async () => {
  await scene.signIn()
  const path = join(scene.home.sessions(), 'sessions.json')
  const list = JSON.parse(readFileSync(path, 'utf8')) as { sessions: object[] }
  list.sessions.push({ ...list.sessions[0], name: 'odd', url: 'none' })
  writeFileSync(path, JSON.stringify(list))
  const stdin = `protocol=http\nhost=${new URL(scene.url).host}\n`
  const { code, stdout } = await scene.home.run(['git-credential', 'get'], { stdin })
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('password=') })
})
