import { fileStore } from '@latchkey/stores/file'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { useScene } from './support/scene.ts'

const scene = useScene()
const expiresAt = Date.UTC(2099, 0, 2, 3, 4, 5, 678)
const bearer = 'CANARY-7f3a-bearer'

let api: ListeningServer
beforeEach(async () => {
  api = await listen({ fetch: () => Response.json({ access_token: bearer, expires_in: 3600 }) })
})
afterEach(() => api.close())

/** Signs in to an API that takes `Authorization: Bearer`, and gives its token a known life. */
async function signIn(expiry: number | undefined = expiresAt): Promise<void> {
  const args = ['sign-in', api.url, '--user', 'ada', '--sign-in-path', '/login', '--stdin']
  expect((await scene.home.run(args, { stdin: 'CANARY-7f3a' })).code).toBe(0)
  const store = fileStore({ directory: scene.home.sessions() })
  const tokens = { accessToken: bearer, ...(expiry !== undefined && { expiresAt: expiry }) }
  await store.setToken(tokens, api.url)
}

async function printed(format: string, env = {}) {
  const { code, stdout } = await scene.home.run(['token', '--format', format], { env })
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

describe('exec-credential', () => {
  it('prints the answer of a Kubernetes credential plugin', async () => {
    await signIn()
    expect(await printed('exec-credential')).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: bearer, expirationTimestamp: '2099-01-02T03:04:05Z' },
    })
  })

  it.each([
    ['v1beta1', 'v1beta1'],
    ['v1', 'v1'],
    ['v2', 'v1'],
  ])('a client that asks for %s gets %s', async (asked, version) => {
    await signIn()
    const about = { kind: 'ExecCredential', apiVersion: `client.authentication.k8s.io/${asked}` }
    const env = { KUBERNETES_EXEC_INFO: JSON.stringify(about) }
    const { apiVersion } = await printed('exec-credential', env)
    expect(apiVersion).toBe(`client.authentication.k8s.io/${version}`)
  })

  it('leaves out an unknown expiry', async () => {
    await signIn(8.64e15)
    expect((await printed('exec-credential')).status).toEqual({ token: bearer })
  })

  it('is refused for a session without a bearer token', async () => {
    await scene.signIn()
    const { code, stdout, stderr } = await scene.home.run(['token', '--format', 'exec-credential'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('xc-auth')
  })
})

describe('credential-process', () => {
  it('has Version and Expiration as in AWS’ format, and the token', async () => {
    await signIn()
    expect(await printed('credential-process')).toEqual({
      Version: 1,
      Token: bearer,
      Header: `authorization: Bearer ${bearer}`,
      Expiration: '2099-01-02T03:04:05Z',
    })
  })
})

describe('--id-token', () => {
  const jwt = (claims: object) =>
    `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
  const now = Math.floor(Date.now() / 1000)
  const keep = async (idToken: string) => {
    await signIn()
    const store = fileStore({ directory: scene.home.sessions() })
    await store.setToken({ accessToken: bearer, expiresAt, idToken }, api.url)
  }
  const args = ['token', '--id-token', '--format', 'exec-credential']

  it('prints the ID token with its own expiry', async () => {
    const idToken = jwt({ sub: 'CANARY-7f3a', iat: now, exp: now + 3600 })
    await keep(idToken)
    const { status } = JSON.parse((await scene.home.run(args)).stdout)
    expect(status.token).toBe(idToken)
    expect(Date.parse(status.expirationTimestamp)).toBe((now + 3600) * 1000)
  })

  it.each([
    ['is not there', '', '--scope'],
    ['has expired', jwt({ iat: now - 7200, exp: now - 3600 }), 'did not renew it'],
  ])('that %s ends with 3, and the message names what to do', async (_, idToken, told) => {
    await keep(idToken)
    const { code, stdout, stderr } = await scene.home.run(args)
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain(told)
    expect(stderr).toContain('Sign in again')
  })
})

it('--header and --json are short for formats', async () => {
  await scene.signIn()
  for (const format of ['header', 'json']) {
    const short = await scene.home.run(['token', `--${format}`])
    expect(await scene.home.run(['token', '--format', format])).toMatchObject({
      code: 0,
      stdout: short.stdout,
    })
  }
})

it('an unknown format is refused, and the message names the known ones', async () => {
  const { code, stderr } = await scene.home.run(['token', '--format', 'CANARY-7f3a'])
  expect(code).toBe(2)
  expect(stderr).toContain('exec-credential')
  expect(stderr).not.toContain('CANARY')
})
