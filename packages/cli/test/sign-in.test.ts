import { describe, expect, it } from 'vitest'
import { ada, bob, useScene } from './support/scene.ts'

const scene = useScene()
const sessions = async () => JSON.parse((await scene.home.run(['status', '--json'])).stdout)

describe('at a terminal', () => {
  it('sign-in asks for the missing values, and the password is never shown', async () => {
    const { code, shown } = await scene.home.type(
      ['sign-in'],
      [
        ['URL of the server', scene.url],
        ['E-mail', ada.email],
        ['Password', ada.password],
      ],
    )
    expect(code).toBe(0)
    expect(shown).toContain(`Signed in to ${scene.url} as ${ada.email}.`)
    expect(shown).not.toContain(ada.password)
    expect(await sessions()).toMatchObject([{ url: scene.url, user: ada.email, renewable: true }])
  })

  it('questions go to the terminal while the result goes into a pipe', async () => {
    const args = ['sign-in', scene.url, '--email', ada.email, '--json']
    const { shown } = await scene.home.typeInto(args, 'sed s/^/piped:/', [
      ['Password', ada.password],
    ])
    expect(shown.match(/piped:.*/g)).toEqual([expect.stringContaining(`"user":"${ada.email}"`)])
  })

  it('Ctrl-C at a question changes nothing and ends with 130', async () => {
    const { code, shown } = await scene.home.type(['sign-in', scene.url], [['E-mail', '\u0003']])
    expect(code).toBe(130)
    expect(shown).toContain('Nothing was changed.')
    expect(await sessions()).toEqual([])
  })

  it('sign-up creates the user and signs in', async () => {
    const { code } = await scene.home.type(
      ['sign-up', scene.url, '--email', 'new@example.com'],
      [['Password', 'CANARY-7f3a a new one']],
    )
    expect(code).toBe(0)
    expect(await sessions()).toMatchObject([{ user: 'new@example.com', signedIn: true }])
  })
})

describe('in a script', () => {
  it('the password is read from stdin', async () => {
    expect(await scene.signIn()).toMatchObject({ code: 0, stdout: '' })
    expect(await sessions()).toMatchObject([{ user: ada.email, current: true, store: 'file' }])
  })

  it('a question without a terminal is an error that names the option', async () => {
    const { code, stderr } = await scene.home.run(['sign-in', scene.url])
    expect(code).toBe(2)
    expect(stderr).toContain('--email')
  })

  it('a wrong password ends with 6 and keeps no session', async () => {
    const { code, stderr } = await scene.signIn({ ...ada, password: 'CANARY-7f3a wrong' })
    expect(code).toBe(6)
    expect(stderr).not.toContain('CANARY')
    expect(await sessions()).toEqual([])
  })

  it('a wrong password leaves the earlier session as it is', async () => {
    await scene.signIn()
    await scene.signIn({ ...ada, password: 'CANARY-7f3a wrong' })
    expect((await scene.home.run(['request', 'GET', '/api/v1/auth/user/me'])).code).toBe(0)
  })

  it('a server that cannot be reached ends with 4', async () => {
    const args = ['sign-in', 'http://127.0.0.1:9', '--email', ada.email, '--stdin']
    expect((await scene.home.run(args, { stdin: ada.password })).code).toBe(4)
  })

  it('a server that is not a URL ends with 2', async () => {
    const args = ['sign-in', 'nocodb', '--email', ada.email, '--stdin']
    expect((await scene.home.run(args, { stdin: ada.password })).code).toBe(2)
  })

  it('an API token is checked, saved, and sent as xc-token', async () => {
    const { token } = scene.double.control.createApiToken(ada.email)
    const args = ['sign-in', scene.url, '--api-token', '--stdin']
    expect((await scene.home.run(args, { stdin: token })).code).toBe(0)
    expect((await scene.home.run(['token', '--header'])).stdout).toBe(`xc-token: ${token}\n`)
  })

  it('a wrong API token ends with 3 and is not saved', async () => {
    const args = ['sign-in', scene.url, '--api-token', '--stdin']
    expect((await scene.home.run(args, { stdin: 'CANARY-7f3a' })).code).toBe(3)
    expect(await sessions()).toEqual([])
  })
})

describe('several users and servers side by side', () => {
  it('a second user of a server does not replace the first', async () => {
    await scene.signIn(ada)
    await scene.signIn(bob)
    const who = async (session: string) => {
      const path = '/api/v1/auth/user/me'
      return JSON.parse((await scene.home.run(['request', 'GET', path, '-s', session])).stdout)
        .email
    }
    expect(await who('ada@example.com')).toBe(ada.email)
    expect(await who('bob@example.com')).toBe(bob.email)
  })

  it('the last session signed in is the current one until the user chooses another', async () => {
    await scene.signIn(ada)
    await scene.signIn(bob)
    const current = async () =>
      (await sessions()).find((one: { current: boolean }) => one.current).user
    expect(await current()).toBe(bob.email)
    await scene.home.run(['use', 'ada@example.com'])
    expect(await current()).toBe(ada.email)
  })

  it('the same user signing in again keeps one session', async () => {
    await scene.signIn(ada)
    await scene.signIn(ada)
    expect(await sessions()).toHaveLength(1)
  })

  it('a name that fits two sessions ends with an error that lists both', async () => {
    await scene.signIn(ada)
    await scene.signIn(bob)
    const { code, stderr } = await scene.home.run(['token', '--session', 'example.com'])
    expect(code).toBe(2)
    expect(stderr).toContain('Several sessions match')
  })
})
