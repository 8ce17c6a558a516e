import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createNocoDBDouble, type NocoDBDouble } from '@latchkey/testing'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHome, type Home } from '../../packages/cli/test/support/latchkey.ts'
import { type KeyringSession, startKeyringSession } from '../src/keychain/keyring-session.ts'

const ada = { email: 'ada@example.com', password: 'CANARY-7f3a correct horse' }

describe('latchkey and a real keychain', () => {
  let double: NocoDBDouble
  let server: ListeningServer
  let home: Home
  let desktop: KeyringSession | undefined

  beforeEach(async () => {
    double = createNocoDBDouble()
    double.control.addUser(ada)
    server = await listen(double)
    home = createHome()
    desktop = await startKeyringSession()
  })
  afterEach(async () => {
    home.remove()
    await desktop?.close()
    await server.close()
  })

  /** In the desktop session, but with the files of the test's own home. */
  const run = (args: string[], stdin = '') =>
    home.run(args, { stdin, env: { DBUS_SESSION_BUS_ADDRESS: address(), ...places } })
  const places = { XDG_RUNTIME_DIR: '/nonexistent' }
  const address = () => desktop?.env['DBUS_SESSION_BUS_ADDRESS'] ?? 'unix:path=/nonexistent'
  const signIn = (store: string) =>
    run(['sign-in', server.url, '--email', ada.email, '--stdin', '--store', store], ada.password)
  const sessions = async () => JSON.parse((await run(['status', '--json'])).stdout)

  /** Files of the home that hold a token of the server's. */
  async function filesWithTokens(): Promise<string[]> {
    const entries = await readdir(home.folder, { recursive: true, withFileTypes: true })
    const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
    const texts = await Promise.all(paths.map((path) => readFile(path, 'latin1')))
    return paths.filter((_, at) => texts[at]?.includes('eyJ'))
  }

  test('sign-in, status, token, doctor and sign-out, and no token in any file', async () => {
    expect(await signIn('keychain')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('in your keychain'),
    })
    expect(await sessions()).toMatchObject([{ store: 'keychain', signedIn: true, renewable: true }])
    expect((await run(['token'])).stdout).toMatch(/^eyJ/)
    expect((await run(['doctor'])).stdout).toContain('keychain store: holds the session')
    expect(await filesWithTokens()).toEqual([])
    expect((await run(['sign-out'])).code).toBe(0)
    expect((await run(['token'])).code).toBe(3)
    expect(double.control.counts().signOuts).toBe(1)
  })

  test('twenty processes at once across an expiry renew once and print the same token', async () => {
    double.control.setAccessTokenLifetimeMs(1000)
    await signIn('keychain')
    double.control.setAccessTokenLifetimeMs(3_600_000)
    await new Promise((resolve) => setTimeout(resolve, 1100)) // the token's whole life
    const ended = await Promise.all(Array.from({ length: 20 }, () => run(['token'])))
    expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      ended.map(() => ({ code: 0, stderr: '' })),
    )
    expect(new Set(ended.map(({ stdout }) => stdout)).size).toBe(1)
    expect(double.control.counts()).toMatchObject({
      signIns: 1,
      renewals: 1,
      rejectedRenewals: 0,
    })
  })

  test('a session that moves from the files to the keychain leaves no token behind, and back', async () => {
    await signIn('file')
    expect(await filesWithTokens()).toHaveLength(1)
    expect((await signIn('keychain')).code).toBe(0)
    expect(await filesWithTokens()).toEqual([])
    expect(await sessions()).toMatchObject([{ store: 'keychain', signedIn: true }])
    expect((await signIn('file')).code).toBe(0)
    expect(await sessions()).toMatchObject([{ store: 'file', signedIn: true }])
    expect((await run(['sign-out', '--local'])).code).toBe(0)
    await signIn('keychain')
    expect((await run(['sign-out'])).code).toBe(0)
  })

  test('one that is locked ends with 5 and what to do, for every command', async () => {
    await signIn('keychain')
    await desktop?.lock()
    for (const args of [['token'], ['request', 'GET', '/'], ['status'], ['sign-out']]) {
      const { code, stdout, stderr } = await run(args)
      expect([args, code]).toEqual([args, 5])
      expect(stdout + stderr).toMatch(/locked. Unlock it/)
    }
    const { code, stdout } = await run(['doctor'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/FAILED {2}keychain store: The keychain is locked. Unlock it/)
    expect(await sessions()).toHaveLength(1)
    expect(double.control.counts().signOuts).toBe(0)
  })

  test('none at all ends with 5 and names the file store, and never with a file', async () => {
    await desktop?.close()
    desktop = undefined
    const { code, stderr } = await signIn('keychain')
    expect(code).toBe(5)
    expect(stderr).toContain('--store file')
    expect(await filesWithTokens()).toEqual([])
    expect(await sessions()).toEqual([])
    expect(double.control.counts().signIns).toBe(0)
  })

  test('one that is gone when the session moves out of it is told: something stays there', async () => {
    await signIn('keychain')
    await desktop?.endKeyring()
    const { code, stderr } = await signIn('file')
    expect(code).toBe(5)
    expect(stderr).toMatch(/Signed in to[^]*could not be removed from your keychain/)
    expect((await run(['token'])).code).toBe(0)
  })
})
