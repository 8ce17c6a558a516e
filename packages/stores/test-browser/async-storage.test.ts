import { createAsyncStorage } from '@react-native-async-storage/async-storage'
import { asyncStorageStore } from '@latchkey/stores/async-storage'
import { storeContract, type StorePlace } from '@latchkey/testing/store-contract'
import { describe, expect, test } from 'vitest'

let databases = 0

/** React Native's AsyncStorage as it is on the web: a table of IndexedDB. */
async function place(): Promise<StorePlace> {
  const storage = createAsyncStorage(`contract ${(databases += 1)}`)
  await storage.clear()
  /** Found by writing, so that no test repeats the rule. */
  const keyOf = async (name: string) => {
    const scratch = createAsyncStorage('scratch')
    await scratch.clear()
    await asyncStorageStore(scratch).setToken({ accessToken: 'a' }, name)
    return (await scratch.getAllKeys()).join('')
  }
  return {
    open: () => asyncStorageStore(storage),
    read: async (name) => (await storage.getItem(await keyOf(name))) ?? undefined,
    write: async (name, text) => storage.setItem(await keyOf(name), text),
  }
}

describe('a store on AsyncStorage in a page', () => {
  test.for(storeContract())('$name', async ({ run }, { skip }) => {
    const outcome = await run({ place, lacks: ['sharedLock', 'subscribe'] })
    skip(outcome === 'skipped')
    expect(outcome).toBeUndefined()
  })
})
