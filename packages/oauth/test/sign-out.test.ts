import { describe, expect, it } from 'vitest'
import { codeOf, failure } from '../../nocodb/test/support/server.ts'
import { broken, CANARY, CLIENT, ISSUER, no, startServer } from './support/oauth-server.ts'

async function signedIn(options: Parameters<ReturnType<typeof startServer>['open']>[0] = {}) {
  const server = startServer()
  const manager = server.open({ username: 'ada', password: `${CANARY}-ada`, ...options })
  await manager.getTokens()
  server.asked.length = 0
  return { server, manager }
}

describe('signOut()', () => {
  it('revokes the refresh token, then the access token, with their hints', async () => {
    const { server, manager } = await signedIn(CLIENT)
    await manager.signOut()
    expect(server.asked.map(({ form }) => Object.fromEntries(form))).toEqual([
      { token: `${CANARY}-r1`, token_type_hint: 'refresh_token' },
      { token: `${CANARY}-a1`, token_type_hint: 'access_token' },
    ])
    expect(server.asked[0]?.headers.get('authorization')).toMatch(/^Basic /)
    expect(server.live.refresh.size + server.live.access.size).toBe(0)
  })

  it('refuses requests from then on', async () => {
    const { server, manager } = await signedIn()
    await manager.signOut()
    expect(await codeOf(server.read(manager))).toBe('ERR_SIGN_IN_REQUIRED')
  })

  it('without a session asks the server nothing', async () => {
    const server = startServer()
    expect(await server.open().signOut()).toBe(undefined)
    expect(server.asked).toEqual([])
  })

  it('at a server without a revocation endpoint is complete', async () => {
    const told = { issuer: undefined, tokenEndpoint: `${ISSUER}/token` }
    const { server, manager } = await signedIn(told)
    expect(await manager.signOut()).toBe(undefined)
    expect(server.asked).toEqual([])
  })

  it('is complete if the server cannot revoke the tokens, which then expire', async () => {
    const { server, manager } = await signedIn()
    const beyond = () => no('unsupported_token_type')
    server.failNext('/revoke', () => new Response(), beyond)
    expect(await manager.signOut()).toBe(undefined)
    expect(server.asked).toHaveLength(2)
  })

  it.each([
    ['a broken connection', broken],
    ['500', () => new Response('', { status: 500 })],
    ['a redirect', () => Response.redirect('https://elsewhere.test', 307)],
    ['invalid_client', () => no('invalid_client', 401)],
  ])('that meets %s is complete here, and says that it is not there', async (_, fault) => {
    const { server, manager } = await signedIn(CLIENT)
    server.failNext('/revoke', fault)
    const error = await failure(manager.signOut())
    expect(error.code).toBe('ERR_SIGN_OUT_INCOMPLETE')
    expect(await codeOf(server.read(manager))).toBe('ERR_SIGN_IN_REQUIRED')
    expect(await manager.signOut()).toBe(undefined)
  })

  it('accepts any time limit that a manager accepts', async () => {
    const { server, manager } = await signedIn({ renewTimeoutMs: 1e15 })
    expect(await manager.signOut()).toBe(undefined)
    expect(server.live.refresh.size).toBe(0)
  })

  it('ends when the server never answers', async () => {
    const { server, manager } = await signedIn({ renewTimeoutMs: 20 })
    server.failNext('/revoke', () => new Promise<Response>(() => undefined))
    expect(await codeOf(manager.signOut())).toBe('ERR_SIGN_OUT_INCOMPLETE')
  })
})
