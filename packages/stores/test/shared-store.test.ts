import { bearer, createTokenManager, memoryStore, type TokenStore } from '@latchkey/core'
import { asyncStorageStore } from '@latchkey/stores/async-storage'
import { encrypted } from '@latchkey/stores/encrypted'
import { webStore } from '@latchkey/stores/web'
import { describe, expect, test } from 'vitest'
import { memoryStorage } from './support/memory-storage.ts'

const passphrase = { passphrase: 'CANARY-7f3a-passphrase', salt: 'a salt of this app' }

const stores: [string, () => TokenStore][] = [
  ['memoryStore', () => memoryStore()],
  ['encrypted around it', () => encrypted(memoryStore(), passphrase)],
  ['asyncStorageStore', () => asyncStorageStore(memoryStorage())],
  ['webStore', () => webStore({ storage: memoryStorage() })],
]

/** Two managers of one process on one store. */
function two(store: TokenStore) {
  const make = () =>
    createTokenManager({
      origin: 'https://api.test',
      scheme: bearer(),
      grants: [{ name: 'none', request: async () => undefined }],
      store,
      name: 'shared',
    })
  return [make(), make()] as const
}

const tokenOf = (manager: ReturnType<typeof two>[0]) =>
  manager.getTokens().then(
    ({ accessToken }) => accessToken,
    ({ code }) => code as string,
  )

describe.each(stores)('two managers on one %s', (_, make) => {
  test('follow each other: a sign-in, another user, a sign-out', async () => {
    const [one, other] = two(make())
    await one.setTokens({ accessToken: 'ada' })
    expect(await tokenOf(other)).toBe('ada')
    await one.setTokens({ accessToken: 'bob' })
    await expect.poll(() => tokenOf(other)).toBe('bob')
    await one.signOut()
    await expect.poll(() => tokenOf(other)).toBe('ERR_SIGN_IN_REQUIRED')
  })
})
