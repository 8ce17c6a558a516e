import { chmodSync, chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { bearer, createTokenManager, memoryStore, type TokenStore } from '@latchkey/core'
import { fileStore } from '@latchkey/stores/file'
import { describe, expect, it } from 'vitest'
import { ExitCode } from '../src/exit-code.ts'
import { exitCodeOf } from '../src/failure.ts'
import { prudentStore } from '../src/prudent-store.ts'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const tokens = { accessToken: 'CANARY-7f3a-1', refreshToken: 'CANARY-7f3a-r1' }

/** A store that holds a session and rejects every write. */
async function readOnly(): Promise<TokenStore> {
  const store = memoryStore()
  await store.setToken(tokens, 'ada')
  const setToken = () => Promise.reject(new Error('EROFS'))
  return { ...store, setToken }
}

describe('a session that cannot be written', () => {
  it('is not renewed if that would spend its refresh token', async () => {
    const store = prudentStore(await readOnly(), false)
    let isSpent = false
    const renewing = store.lock?.('ada', async () => (isSpent = true))
    await expect(renewing).rejects.toThrow('works once')
    expect(isSpent).toBe(false)
    expect(await store.getToken('ada')).toEqual(tokens)
  })

  it('is reported as a failure of the store, and not of the server', async () => {
    const store = prudentStore(await readOnly(), false)
    const renewal = createTokenManager({
      origin: 'https://api.test',
      scheme: bearer(),
      grants: [{ name: 'none', request: async () => undefined }],
      store,
      name: 'ada',
    }).refresh()
    expect(exitCodeOf(await renewal.catch((error: unknown) => error))).toBe(ExitCode.store)
  })

  it('is ignored if there is another way to sign in', async () => {
    const inner = await readOnly()
    const store = prudentStore(inner, true)
    expect(await store.lock?.('ada', async () => store.getToken('ada'))).toBeUndefined()
    await store.removeToken('ada')
    expect(await inner.getToken('ada')).toEqual(tokens)
  })

  it('is renewed if it does not have a refresh token to spend', async () => {
    const store = memoryStore()
    await store.setToken({ accessToken: 'CANARY-7f3a-1' }, 'ada')
    const one = prudentStore({ ...store, setToken: () => Promise.reject(new Error('full')) }, false)
    expect(await one.lock?.('ada', async () => 'renewed')).toBe('renewed')
  })

  it('a renewal that fails is not run again', async () => {
    const store = prudentStore(memoryStore(), true)
    let times = 0
    const failing = store.lock?.('ada', async () => {
      times += 1
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(times).toBe(1)
  })
})

describe.skipIf(process.platform === 'win32')('a folder that cannot be written', () => {
  const folder = () => scene.home.sessions()
  const isRoot = process.geteuid?.() === 0
  /** Root may write everywhere, so another user becomes the owner: the store refuses those files. */
  const give = (uid: number) => {
    for (const name of ['', ...readdirSync(folder())]) chownSync(join(folder(), name), uid, uid)
  }
  const close = () => (isRoot ? give(1) : chmodSync(folder(), 0o500))
  const open = () => (isRoot ? give(0) : chmodSync(folder(), 0o700))

  it.skipIf(isRoot)(
    'a session is not renewed, and is renewed once it can be saved again',
    async () => {
      await scene.signIn()
      close()
      scene.double.control.revokeAccessTokens(ada.email)
      const { code, stderr } = await scene.home.run(['api-tokens', 'list'])
      expect(code).toBe(5)
      expect(stderr).toContain('could not be saved')
      expect(scene.double.control.counts().renewals).toBe(0)
      open()
      expect((await scene.home.run(['api-tokens', 'list'])).code).toBe(0)
    },
  )

  it('credentials from the environment sign in again and leave the saved session as it is', async () => {
    await scene.signIn()
    const store = fileStore({ directory: folder() })
    const before = await store.getToken(scene.url)
    scene.double.control.revokeAccessTokens(ada.email)
    close()
    const env = { NOCODB_URL: scene.url, NOCODB_EMAIL: ada.email, NOCODB_PASSWORD: ada.password }
    const ended = await scene.home.run(['api-tokens', 'list'], { env })
    expect(ended.code).toBe(0)
    expect(scene.double.control.counts()).toMatchObject({ renewals: 0, signIns: 2 })
    open()
    expect(await store.getToken(scene.url)).toEqual(before)
  })
})
