// One process that uses the keychain as the platform's default finds it: started by keychain.test.ts.
// Its arguments: what to do, the name of the session, and how long its access token is. It prints an
// Outcome as JSON. A call that outlives the patience of a manager is late.
import { parseArgs } from 'node:util'
import { isLatchkeyError } from '@latchkey/core'
import { keychainStore } from '@latchkey/stores/keychain'

const PATIENCE_MS = 3_000

export interface Outcome {
  value?: unknown
  code?: string
  message?: string
}

const { positionals } = parseArgs({ allowPositionals: true })
const [what = '', name = '', length = '0'] = positionals
const store = keychainStore()

const works: Record<string, () => unknown> = {
  get: async () => (await store.getToken(name))?.accessToken.length,
  set: () => store.setToken({ accessToken: 'CANARY-7f3a'.padEnd(Number(length), 'x') }, name),
  remove: () => store.removeToken(name),
  names: () => store.names(),
  /** Adds one to what is stored, as a renewal does: under the lock, from what it reads there. */
  count: () =>
    store.lock(name, async () => {
      const count = Number((await store.getToken(name))?.accessToken ?? 0) + 1
      await store.setToken({ accessToken: String(count) }, name)
    }),
}

async function outcome(): Promise<Outcome> {
  try {
    return { value: await works[what]?.() }
  } catch (error) {
    return isLatchkeyError(error)
      ? { code: error.code, message: error.message }
      : { code: String(error) }
  }
}

const late = new Promise<Outcome>((resolve) => {
  if (what !== 'count') setTimeout(() => resolve({ code: 'late' }), PATIENCE_MS).unref()
})
console.log(JSON.stringify(await Promise.race([outcome(), late])))
