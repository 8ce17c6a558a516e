import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ada, bob, useScene } from './support/scene.ts'

const scene = useScene()
const me = ['request', 'GET', '/api/v1/auth/user/me']

describe('status', () => {
  it('without a session prints how to sign in', async () => {
    expect(await scene.home.run(['status'])).toMatchObject({ code: 0, stdout: '' })
  })

  it('shows the user, server, store, expiry, and whether it can be renewed', async () => {
    await scene.signIn()
    const [session] = JSON.parse((await scene.home.run(['status', '--json'])).stdout)
    expect(session).toMatchObject({
      name: scene.url,
      url: scene.url,
      user: ada.email,
      service: 'nocodb',
      store: 'file',
      current: true,
      signedIn: true,
      renewable: true,
    })
    expect(session.expiresAt).toBeGreaterThan(Date.now())
  })

  it('prints readable text without a request to the server', async () => {
    await scene.signIn()
    scene.double.control.resetCounts()
    const { stdout } = await scene.home.run(['status'])
    expect(stdout).toMatch(
      /^\* http.*\n {4}server .*\n {4}user +ada@example.com\n {4}store +file\n {4}expires +20/,
    )
    expect(scene.double.control.log()).toEqual([])
  })
})

describe('sign-out', () => {
  it('ends the session at the server and here', async () => {
    await scene.signIn()
    expect((await scene.home.run(['sign-out'])).code).toBe(0)
    expect(scene.double.control.counts().signOuts).toBe(1)
    expect((await scene.home.run(me)).code).toBe(3)
    expect(storedSecrets()).toEqual([])
  })

  it('--local leaves the server alone', async () => {
    await scene.signIn()
    expect((await scene.home.run(['sign-out', '--local'])).code).toBe(0)
    expect(scene.double.control.counts().signOuts).toBe(0)
    expect(storedSecrets()).toEqual([])
  })

  it('--all ends every session', async () => {
    await scene.signIn(ada)
    await scene.signIn(bob)
    expect((await scene.home.run(['sign-out', '--all'])).code).toBe(0)
    expect(JSON.parse((await scene.home.run(['status', '--json'])).stdout)).toEqual([])
  })

  it('of one session leaves the others, and another session becomes the current one', async () => {
    await scene.signIn(ada)
    await scene.signIn(bob)
    await scene.home.run(['sign-out', '--session', bob.email])
    expect(JSON.parse((await scene.home.run(me)).stdout).email).toBe(ada.email)
  })

  it('with a server that is down forgets the session here and ends with 4', async () => {
    await scene.signIn()
    scene.double.control.failNext('signOut', 5, 'network')
    const { code } = await scene.home.run(['sign-out'])
    expect(code).toBe(4)
    expect(storedSecrets()).toEqual([])
  })

  it('without a session ends with 3', async () => {
    expect((await scene.home.run(['sign-out'])).code).toBe(3)
  })

  it('--all reports every session that failed at its server, and forgets them here', async () => {
    await scene.signIn(ada)
    await scene.signIn(bob)
    scene.double.control.failNext('signOut', 9, 'network')
    const { code, stderr } = await scene.home.run(['sign-out', '--all'])
    expect(code).toBe(4)
    expect(stderr.match(/is forgotten here/g)).toHaveLength(2)
    expect(storedSecrets()).toEqual([])
    expect(JSON.parse((await scene.home.run(['status', '--json'])).stdout)).toEqual([])
  })

  it('of a session with a damaged file forgets it, and warns that the server may not know', async () => {
    await scene.signIn()
    const [file = ''] = storedSecrets()
    writeFileSync(file, '{')
    const { code, stderr } = await scene.home.run(['sign-out'])
    expect(code).toBe(5)
    expect(stderr).toContain('its server may not know')
    expect(JSON.parse((await scene.home.run(['status', '--json'])).stdout)).toEqual([])
  })
})

describe('which session a command uses', () => {
  it('the environment wins over the current session', async () => {
    await scene.signIn(ada)
    const env = { NOCODB_URL: scene.url, NOCODB_EMAIL: bob.email, NOCODB_PASSWORD: bob.password }
    expect(JSON.parse((await scene.home.run(me, { env })).stdout).email).toBe(bob.email)
  })

  it('--session wins over the environment', async () => {
    await scene.signIn(ada)
    const env = { NOCODB_URL: scene.url, NOCODB_EMAIL: bob.email, NOCODB_PASSWORD: bob.password }
    const args = [...me, '--session', ada.email]
    expect(JSON.parse((await scene.home.run(args, { env })).stdout).email).toBe(ada.email)
  })

  it('an API token in the environment is enough', async () => {
    const { token } = scene.double.control.createApiToken(ada.email)
    const env = { NOCODB_URL: scene.url, NOCODB_API_TOKEN: token }
    expect((await scene.home.run(['token'], { env })).stdout).toBe(`${token}\n`)
  })
})

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** Files on the machine that hold a token of the server's. */
const storedSecrets = () =>
  filesOf(scene.home.folder).filter((file) => readFileSync(file, 'latin1').includes('eyJ'))
