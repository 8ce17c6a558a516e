import { memoryStore, type TokenStore } from '@latchkey/core'
import { describe, expect, it } from 'vitest'
import {
  ada,
  BASE_URL,
  codeOf,
  countOf,
  root,
  signedIn,
  startServer,
  withoutPassword,
} from './support/server.ts'

describe("another user's session in the store", () => {
  it('is not used: with a password this user signs in', async () => {
    const server = startServer()
    const store = memoryStore()
    await server.open({ ...root, store }).getTokens()
    const noco = server.open({ ...ada, store })
    expect((await noco.me()).email).toBe(ada.email)
    expect(server.control.counts()).toMatchObject({ signIns: 2, renewals: 0 })
  })

  it('is not used, refreshed or removed by a manager with an email only', async () => {
    const server = startServer()
    const store = memoryStore()
    await server.open({ ...root, store }).getTokens()
    const before = await store.getToken(BASE_URL)
    server.control.resetCounts()
    const noco = server.open({ email: ada.email, store })
    expect(await codeOf(noco.me())).toBe('ERR_SIGN_IN_REQUIRED')
    await noco.signOut()
    expect(await store.getToken(BASE_URL)).toEqual(before)
    expect(server.control.counts().requests).toBe(0)
  })

  it('is used by a manager without an email', async () => {
    const server = startServer()
    const store = memoryStore()
    await server.open({ ...root, store }).getTokens()
    expect((await server.open({ store }).me()).email).toBe(root.email)
  })

  it('stays beside the own session under another name', async () => {
    const server = startServer()
    const store = memoryStore()
    const both = [ada, root].map((user) => server.open({ ...user, store, name: user.email }))
    for (const noco of both) await noco.getTokens()
    server.expire()
    const emails = await Promise.all(both.map(async (noco) => (await noco.me()).email))
    expect(emails).toEqual([ada.email, root.email])
    expect(server.control.counts()).toMatchObject({ signIns: 2, renewals: 2 })
  })
})

describe('the own session', () => {
  it('is found with the email in any case', async () => {
    const server = startServer()
    const store = memoryStore()
    await signedIn(server, { store })
    expect((await server.open({ email: 'ADA@Example.COM', store }).me()).email).toBe(ada.email)
    expect(server.control.counts().signIns).toBe(0)
  })

  it('belongs to the user who signed in last, also after a renewal', async () => {
    const server = startServer()
    const store = memoryStore()
    const noco = server.open({ email: ada.email, store })
    await noco.signIn(root)
    server.expire()
    expect((await noco.me()).email).toBe(root.email)
    expect(await store.getToken(BASE_URL)).toMatchObject({ refreshToken: expect.any(String) })
  })

  it('with a token that cannot be read is left to the server to judge', async () => {
    const server = startServer()
    const store = memoryStore()
    const { refreshToken = '' } = await (await withoutPassword(server)).getTokens()
    void store.setToken({ accessToken: 'opaque', refreshToken }, BASE_URL)
    expect((await server.open({ email: ada.email, store }).me()).email).toBe(ada.email)
    expect(server.control.counts()).toMatchObject({ signIns: 0, renewals: 1 })
  })

  it('uses the lock and the change events of its store', async () => {
    const server = startServer()
    const { store, locks, change } = sharedStore()
    const noco = server.open({ ...ada, store })
    const signedOut = countOf(noco, 'signedOut')
    await noco.me()
    expect(locks).toEqual([BASE_URL])
    await store.removeToken(BASE_URL)
    change()
    await new Promise((resolve) => setImmediate(resolve))
    expect(signedOut()).toBe(1)
  })
})

/** A store with everything a store may have. */
function sharedStore() {
  const locks: string[] = []
  const listeners: (() => void)[] = []
  const store: TokenStore = {
    ...memoryStore(),
    lock: (name, run) => {
      locks.push(name)
      return run()
    },
    subscribe: (_, listener) => {
      listeners.push(listener)
      return () => undefined
    },
  }
  return { store, locks, change: () => listeners.forEach((listener) => listener()) }
}
