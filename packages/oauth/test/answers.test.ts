import { describe, expect, it } from 'vitest'
import { failure, skippingWaits } from '../../nocodb/test/support/server.ts'
import { CANARY, CLIENT, startServer } from './support/oauth-server.ts'

const good = { access_token: `${CANARY}-x`, token_type: 'Bearer' }

function answering(answer: object) {
  const server = startServer()
  const respond = () => Response.json(answer)
  server.failNext('/token', respond, respond, respond)
  return { server, manager: server.open({ ...CLIENT, clientCredentials: true }) }
}

describe('a successful answer', () => {
  it.each([
    ['seconds', 60, 60_000],
    ['a string of seconds', '60', 60_000],
    ['a fraction', 0.5, 500],
  ])('with expires_in as %s tells the expiry', async (_, expires_in, lifeMs) => {
    const { server, manager } = answering({ ...good, expires_in })
    expect((await manager.getTokens()).expiresAt).toBe(server.clock.now() + lifeMs)
  })

  it.each([
    ['none', undefined],
    ['null', null],
    ['zero', 0],
    ['a negative number', -5],
    ['text', 'soon'],
    ['an empty string', ''],
    ['more than a number can hold', 1e306],
    ['an object', { seconds: 60 }],
    ['a list', [60]],
    ['true', true],
  ])('with expires_in that is %s is used until it is refused', async (_, expires_in) => {
    const { manager } = answering({ ...good, expires_in })
    expect(await manager.getTokens()).toEqual({ accessToken: good.access_token })
  })

  it.each(['bearer', 'BEARER', 'JWT', undefined, null, 7])(
    'may call its token type %s',
    async (token_type) => {
      const { manager } = answering({ ...good, token_type })
      expect((await manager.getTokens()).accessToken).toBe(good.access_token)
    },
  )

  it.each([
    ['status 201', () => Response.json(good, { status: 201 })],
    ['status 202', () => Response.json(good, { status: 202 })],
    ['a form', () => new Response(new URLSearchParams(good))],
    ['camelCase', () => Response.json({ accessToken: good.access_token, tokenType: 'bearer' })],
  ])('may come as %s, and is asked for once', async (_, respond) => {
    const server = startServer()
    server.failNext('/token', respond)
    const manager = server.open({ ...CLIENT, clientCredentials: true })
    expect(await manager.getTokens()).toEqual({ accessToken: good.access_token })
  })

  it('is a failure if it is a form with an error, whose message is shown', async () => {
    const server = startServer()
    const form = 'error=bad_verification_code&error_description=The+code+has+expired.'
    server.failNext('/token', () => new Response(form))
    const error = await failure(server.open({ ...CLIENT, clientCredentials: true }).getTokens())
    expect(error.message).toContain('bad_verification_code: The code has expired.')
  })

  it('in camelCase may hold a refresh token and a lifetime', async () => {
    const { server, manager } = answering({
      accessToken: good.access_token,
      refreshToken: `${CANARY}-r`,
      expiresIn: 60,
    })
    expect(await manager.getTokens()).toEqual({
      accessToken: good.access_token,
      refreshToken: `${CANARY}-r`,
      expiresAt: server.clock.now() + 60_000,
    })
  })

  it.each([
    ['a list of scopes', { scope: ['read'] }],
    ['a refresh token that is null', { refresh_token: null }],
    ['an empty refresh token', { refresh_token: '' }],
  ])('is used in spite of %s', async (_, more) => {
    const { manager } = answering({ ...good, ...more })
    expect(await manager.getTokens()).toEqual({ accessToken: good.access_token })
  })
})

describe('an ID token and the granted scope', () => {
  const told = { id_token: 'a.b.c', scope: 'read' }
  const kept = { idToken: 'a.b.c', scope: 'read' }

  it('are kept unread, also after a refresh that does not repeat them', async () => {
    const server = startServer()
    const manager = server.open({ ...CLIENT, clientCredentials: true })
    server.failNext('/token', () =>
      Response.json({ ...good, ...told, refresh_token: `${CANARY}-r` }),
    )
    expect(await manager.getTokens()).toMatchObject(kept)
    const renewed = { access_token: `${CANARY}-y`, token_type: 'Bearer' }
    server.failNext('/token', () => Response.json(renewed))
    expect(await manager.refresh()).toMatchObject({ accessToken: `${CANARY}-y`, ...kept })
    server.failNext('/token', () => Response.json({ ...renewed, scope: 'less', id_token: 'd.e.f' }))
    expect(await manager.refresh()).toMatchObject({ scope: 'less', idToken: 'd.e.f' })
  })

  it('default to the requested scope, if the answer has none (RFC 6749 section 5.1)', async () => {
    const server = startServer()
    const manager = server.open({ ...CLIENT, clientCredentials: true, scope: 'read write' })
    expect((await manager.getTokens()).scope).toBe('read write')
  })
})

describe('a 200 is a failure', () => {
  it.each([
    ['without an access token', { token_type: 'Bearer' }],
    ['with an access token that is not text', { ...good, access_token: 5 }],
    ['with a DPoP token', { ...good, token_type: 'DPoP' }],
    ['with a MAC token', { ...good, token_type: 'mac' }],
    ['with a list', [good]],
  ])('%s', async (_, answer) => {
    const { manager } = answering(answer)
    const error = await skippingWaits(() => failure(manager.getTokens()))
    expect(error.code).toBe('ERR_RENEWAL_UNAVAILABLE')
    expect(error.cause).toMatchObject({ code: 'ERR_UNUSABLE_TOKEN' })
  })
})
