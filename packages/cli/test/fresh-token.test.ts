import { readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileStore } from '@latchkey/stores/file'
import { describe, expect, it } from 'vitest'
import { useScene } from './support/scene.ts'

const scene = useScene()
const token = async () => (await scene.home.run(['token'])).stdout.trim()

/** Makes the stored token one that has so much of its ten hours before it. */
async function leave(ms: number): Promise<void> {
  const store = fileStore({ directory: scene.home.sessions() })
  const tokens = await store.getToken(scene.url)
  await store.setToken({ accessToken: '', ...tokens, expiresAt: Date.now() + ms }, scene.url)
}

describe('a token for another program', () => {
  it('is renewed first when it would expire soon', async () => {
    await scene.signIn()
    await leave(20_000)
    await token()
    expect(scene.double.control.counts()).toMatchObject({ signIns: 1, renewals: 1 })
    await token()
    expect(scene.double.control.counts().renewals).toBe(1)
  })

  it('is not renewed while it has a minute left', async () => {
    await scene.signIn()
    await leave(90_000)
    await token()
    expect(scene.double.control.counts().renewals).toBe(0)
  })

  it('is not renewed at every call when tokens live only seconds', async () => {
    scene.double.control.setAccessTokenLifetimeMs(30_000)
    await scene.signIn()
    await token()
    expect(scene.double.control.counts().renewals).toBe(0)
  })

  it('is the old token until it expires when the server cannot renew it', async () => {
    await scene.signIn()
    const old = await token()
    await leave(20_000)
    scene.double.control.failNext('renewal', 9, { status: 503 })
    expect(await scene.home.run(['token'])).toMatchObject({ code: 0, stdout: `${old}\n` })
  })

  it('is renewed for `run` too', async () => {
    await scene.signIn()
    await leave(20_000)
    await scene.home.run(['run', '--', process.execPath, '-e', '0'])
    expect(scene.double.control.counts().renewals).toBe(1)
  })

  it('is the same for twenty processes that renew an expiring token at once', async () => {
    await scene.signIn()
    await leave(20_000)
    const all = await Promise.all(Array.from({ length: 20 }, token))
    expect(new Set(all).size).toBe(1)
    expect(all[0]).toMatch(/^eyJ/)
    expect(scene.double.control.counts()).toMatchObject({ renewals: 1, rejectedRenewals: 0 })
  })
})

it('a session that cannot be read is not reported as signed out', async () => {
  await scene.signIn()
  const directory = scene.home.sessions()
  const [file = ''] = readdirSync(directory).filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
  writeFileSync(join(directory, file), '{')
  expect((await scene.home.run(['token'])).code).toBe(5)
  unlinkSync(join(directory, file))
  expect((await scene.home.run(['token'])).code).toBe(3)
})
