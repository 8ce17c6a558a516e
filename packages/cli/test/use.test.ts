import { describe, expect, it } from 'vitest'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const run = (...args: string[]) => scene.home.run(args)

describe('token', () => {
  it('prints the token alone', async () => {
    await scene.signIn()
    const { code, stdout, stderr } = await run('token')
    expect(code).toBe(0)
    expect(stderr).toBe('')
    const headers = { 'xc-auth': stdout.trim() }
    const response = await fetch(`${scene.url}/api/v1/auth/user/me`, { headers })
    expect(await response.json()).toMatchObject({ email: ada.email })
  })

  it('--header prints a header line for curl', async () => {
    await scene.signIn()
    const { stdout } = await run('token', '--header')
    expect(stdout).toMatch(/^xc-auth: eyJ[\w.-]+\n$/)
  })

  it('--json prints the header and the expiry too', async () => {
    await scene.signIn()
    const told = JSON.parse((await run('token', '--json')).stdout)
    expect(told).toMatchObject({ url: scene.url, header: { name: 'xc-auth', value: told.token } })
  })

  it('warns on a terminal', async () => {
    await scene.signIn()
    expect((await scene.home.type(['token'], [])).shown).toContain('is a secret')
  })

  it('renews a token that has expired', async () => {
    await scene.signIn()
    scene.double.control.revokeAccessTokens(ada.email)
    expect((await run('request', 'GET', '/api/v1/auth/user/me')).code).toBe(0)
    expect(scene.double.control.counts()).toMatchObject({ signIns: 1, renewals: 1 })
  })

  it('of a session that is over ends with 3 and asks to sign in', async () => {
    await scene.signIn()
    scene.double.control.revokeSessions(ada.email)
    const { code, stderr } = await run('request', 'GET', '/api/v2/meta/bases')
    expect(code).toBe(3)
    expect(stderr).toContain('Sign in again')
  })
})

describe('api-tokens', () => {
  it('are created, listed without their secret, and deleted', async () => {
    await scene.signIn()
    const created = await run('api-tokens', 'create', 'nightly export')
    const [, id = ''] = /API token (\d+)/.exec(created.stderr) ?? []
    const token = created.stdout.trim()
    const { stdout } = await run('api-tokens', 'list')
    expect(stdout).toMatch(new RegExp(`^${id} +nightly export$`, 'm'))
    expect(stdout).not.toContain(token)
    expect((await run('api-tokens', 'delete', id)).code).toBe(0)
    expect(JSON.parse((await run('api-tokens', 'list', '--json')).stdout)).toEqual([])
  })

  it('an invalid id ends with 2', async () => {
    await scene.signIn()
    expect((await run('api-tokens', 'delete', 'CANARY-7f3a')).code).toBe(2)
  })
})
