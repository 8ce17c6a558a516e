import { memoryStore } from '@latchkey/core'
import { describe, expect, it } from 'vitest'
import { heldAnswers } from '../../core/test/support/held-answers.ts'
import {
  ada,
  BASE_URL,
  CANARY,
  codeOf,
  root,
  signedIn,
  startServer,
  withoutPassword,
} from './support/server.ts'

/** A server whose answers to `path` a test holds back, and a manager without credentials. */
function holding(path: string) {
  const server = startServer()
  const { fetch, holdNext } = heldAnswers(server.double.fetch, path)
  return { server, fetch, holdNext }
}

describe('a sign-out', () => {
  it('wins over a signIn() in progress, and ends the session it began at the server', async () => {
    const { server, fetch, holdNext } = holding('/signin')
    const noco = server.open({ fetch })
    const held = holdNext()
    const signingIn = codeOf(noco.signIn(ada))
    const release = await held
    await noco.signOut()
    release()
    expect(await signingIn).toBe('ERR_SESSION_CHANGED')
    expect(await codeOf(server.read(noco))).toBe('ERR_SIGN_IN_REQUIRED')
    expect(server.control.counts()).toMatchObject({ signIns: 1, signOuts: 1 })
  })

  it('wins over a signUp() in progress', async () => {
    const { server, fetch, holdNext } = holding('/signup')
    const noco = server.open({ fetch })
    const held = holdNext()
    const user = { email: 'eve@example.com', password: `${CANARY}-eve` }
    const signingUp = codeOf(noco.signUp(user))
    const release = await held
    await noco.signOut()
    release()
    expect(await signingUp).toBe('ERR_SESSION_CHANGED')
    expect(await noco.isSignedIn()).toBe(false)
  })

  it('wins over a changePassword() in progress, whose new password counts', async () => {
    const { server, fetch, holdNext } = holding('/password/change')
    const noco = await signedIn(server, { fetch })
    const held = holdNext()
    const newPassword = `${CANARY}-new`
    const changing = codeOf(noco.changePassword({ currentPassword: ada.password, newPassword }))
    const release = await held
    await noco.signOut()
    release()
    expect(await changing).toBe('ERR_SESSION_CHANGED')
    // What came with the change can only be ended by a live token, which it has to be renewed for.
    expect(server.control.counts()).toMatchObject({ renewals: 1, signOuts: 2 })
    expect(await codeOf(server.read(noco))).toBe('ERR_SIGN_IN_REQUIRED')
    await noco.signIn()
    expect((await noco.me()).email).toBe(ada.email)
  })

  it('during a renewal ends the renewed session, and presents no refresh token twice', async () => {
    const { server, fetch, holdNext } = holding('/token/refresh')
    const noco = await withoutPassword(server, { fetch })
    server.expire()
    const held = holdNext()
    const reading = codeOf(server.read(noco))
    const release = await held
    const leaving = noco.signOut()
    expect(await reading).toBe('ERR_SIGN_IN_REQUIRED')
    release()
    await leaving
    expect(server.control.counts()).toMatchObject({
      renewals: 1,
      rejectedRenewals: 0,
      signOuts: 1,
    })
    expect(server.credentialsOf('signOut')).toEqual(['xc-auth'])
  })

  it('ends a session that another process has renewed', async () => {
    const server = startServer()
    const store = memoryStore()
    const [here, there] = [await withoutPassword(server, { store }), server.open({ store })]
    server.expire()
    await there.me()
    server.control.resetCounts()
    await here.signOut()
    expect(server.control.counts()).toMatchObject({ rejectedRenewals: 0, signOuts: 1 })
    expect(await there.isSignedIn()).toBe(false)
  })
})

describe('of two sign-ins', () => {
  it('the one that started last stays, though the other is answered later', async () => {
    const { server, fetch, holdNext } = holding('/signin')
    const noco = server.open({ fetch })
    const held = holdNext()
    const first = codeOf(noco.signIn(ada))
    const release = await held
    await noco.signIn(root)
    release()
    expect(await first).toBe('ERR_SESSION_CHANGED')
    expect((await noco.me()).email).toBe(root.email)
    server.expire()
    expect((await noco.me()).email).toBe(root.email)
    expect(server.control.counts().signOuts).toBe(0) // it would end all of the user's sessions
  })
})

describe('another user who signs in', () => {
  it('is not seen by the next process, and leaves the stored session of the configured user as it was', async () => {
    const server = startServer()
    const store = memoryStore()
    const noco = await signedIn(server, { store })
    const before = await store.getToken(BASE_URL)
    await noco.signIn(root)
    expect((await noco.me()).email).toBe(root.email)
    expect(await store.getToken(BASE_URL)).toEqual(before)
    const next = server.open({ ...ada, store })
    expect((await next.me()).email).toBe(ada.email)
    expect(server.control.counts().signIns).toBe(1)
  })

  it('is replaced by the configured user at a signIn() without credentials', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    await noco.signIn(root)
    await noco.signIn()
    server.control.revokeSessions(ada.email)
    expect((await noco.me()).email).toBe(ada.email)
  })
})

describe('an answer that stalls', () => {
  /** A NocoDB whose answers to `path` never end, whatever signal there is. */
  function stallingAt(path: string) {
    const server = startServer()
    let isStalling = false
    const fetch: typeof server.double.fetch = async (input, init) => {
      const response = await server.double.fetch(input, init)
      const isAsked = (input as string).includes(path)
      return isStalling && isAsked ? new Response(new ReadableStream(), response) : response
    }
    return { server, fetch, stall: () => void (isStalling = true) }
  }

  it.each([
    ['signIn()', '/signin', (noco) => noco.signIn(root)],
    ['signUp()', '/signup', (noco) => noco.signUp({ email: 'eve@example.com', password: 'x' })],
    ['me()', '/user/me', (noco) => noco.me()],
    ['apiTokens.list()', '/tokens', (noco) => noco.apiTokens.list()],
    ['a renewal', '/token/refresh', (noco) => noco.refresh()],
  ] as [string, string, (noco: ReturnType<Server['open']>) => Promise<unknown>][])(
    'to %s ends with the time limit, and says that the server was not reached',
    async (_, path, ask) => {
      const { server, fetch, stall } = stallingAt(path)
      const noco = await withoutPassword(server, { fetch, renewTimeoutMs: 20 })
      stall()
      expect(await codeOf(ask(noco))).toMatch(/^ERR_(SERVER_UNAVAILABLE|RENEWAL_TIMEOUT)$/)
      expect((await server.read(noco)).status).toBe(200)
    },
  )
})

type Server = ReturnType<typeof startServer>
