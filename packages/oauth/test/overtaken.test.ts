import { memoryStore } from '@latchkey/core'
import { describe, expect, it } from 'vitest'
import { heldAnswers } from '../../core/test/support/held-answers.ts'
import { codeOf } from '../../nocodb/test/support/server.ts'
import { sharetribeMarketplace, type SharetribeMarketplaceOptions } from '../src/sharetribe.ts'
import { CANARY, startServer } from './support/oauth-server.ts'
import { ada, CLIENT_ID, startSharetribe } from './support/sharetribe-double.ts'

/** Sharetribe, with answers that a test holds back. */
function holding(options: Partial<SharetribeMarketplaceOptions> = {}) {
  const server = startSharetribe()
  const { fetch, holdNext } = heldAnswers(server.fetch, '/token')
  const { clock } = server
  const open = () => sharetribeMarketplace({ clientId: CLIENT_ID, fetch, clock, ...options })
  return { server, holdNext, open, manager: open() }
}

const eve = { username: 'eve', password: `${CANARY}-eve` }

describe('a sign-out during a refresh', () => {
  it('revokes the tokens that the refresh returns', async () => {
    const server = startServer()
    const { fetch, holdNext } = heldAnswers(server.fetch, '/token')
    const manager = server.open({ username: 'ada', password: `${CANARY}-ada`, fetch })
    await manager.getTokens()
    const held = holdNext()
    const renewing = codeOf(manager.refresh())
    const release = await held
    const leaving = manager.signOut()
    expect(await renewing).toBe('ERR_SIGN_IN_REQUIRED')
    release()
    await leaving
    expect(server.live.refresh.size).toBe(0)
    expect(server.live.access.has(`${CANARY}-a2`)).toBe(false)
  })

  it('at Sharetribe revokes the renewed tokens, and sends no refresh token twice', async () => {
    const { server, holdNext, manager } = holding()
    await manager.signIn(ada)
    const { refreshToken } = await manager.getTokens()
    server.expireAccess()
    const held = holdNext()
    const renewing = codeOf(manager.refresh())
    const release = await held
    const leaving = manager.signOut()
    expect(await renewing).toBe('ERR_SIGN_IN_REQUIRED')
    release()
    await leaving
    expect(server.refresh.size).toBe(0)
    expect(server.log.filter(({ form }) => form['refresh_token'] === refreshToken)).toHaveLength(1)
  })
})

describe('a sign-in at Sharetribe', () => {
  it('is dropped and revoked after a sign-out in the meantime', async () => {
    const { server, holdNext, manager } = holding()
    const held = holdNext()
    const signingIn = codeOf(manager.signIn(ada))
    const release = await held
    await manager.signOut()
    release()
    expect(await signingIn).toBe('ERR_SESSION_CHANGED')
    expect(await codeOf(server.scopeOf(manager))).toBe('ERR_SIGN_IN_REQUIRED')
    expect(server.refresh.size).toBe(0)
  })

  it('of another user than the configured one is not seen by the next process', async () => {
    const store = memoryStore()
    const { server, open, manager } = holding({ ...eve, store })
    await manager.signIn(ada)
    expect(await server.scopeOf(manager)).toBe('user')
    expect(await codeOf(open().getTokens())).toBe('ERR_WRONG_CREDENTIALS') // eve's, not ada's session
  })

  it('is kept if it is of the configured user, or if no user is configured', async () => {
    for (const configured of [ada, {}]) {
      const store = memoryStore()
      const { server, open, manager } = holding({ ...configured, store })
      await manager.signIn(ada)
      expect(await server.scopeOf(open())).toBe('user')
      expect(server.grants()).toEqual(['password'])
    }
  })
})
