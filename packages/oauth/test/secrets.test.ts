import { describe, expect, it } from 'vitest'
import { failure, printed, skippingWaits } from '../../nocodb/test/support/server.ts'
import { ada, broken, CANARY, CLIENT, no, startServer } from './support/oauth-server.ts'

const session = {
  accessToken: `${CANARY}-a0`,
  refreshToken: `${CANARY}-r0+/=`,
  idToken: `${CANARY}-i0`,
  dpopKey: `${CANARY}-k0`,
}
const everything = [
  session.accessToken,
  session.refreshToken,
  session.idToken,
  session.dpopKey,
  encodeURIComponent(session.refreshToken),
  CLIENT.clientSecret,
  encodeURIComponent(CLIENT.clientSecret),
].join(' ')

/** A server that says back what it was told, as some do. */
const saying = (error: string, said: string) => () =>
  no(error, 400, { error_description: said, request: said })

/** A manager whose session the server does not know. */
async function open() {
  const server = startServer()
  const manager = server.open(CLIENT)
  await manager.setTokens(session)
  const events: unknown[] = []
  manager.on('renewalFailed', (event) => events.push(event))
  manager.on('renewed', (event) => events.push(event))
  return { server, manager, events }
}

describe('no secret shows', () => {
  it.each([
    ['a refused refresh token, said back', saying('invalid_grant', session.refreshToken)],
    ['the same in the form it was sent', saying('x', encodeURIComponent(session.refreshToken))],
    ['a refused client, said back', saying('invalid_client', CLIENT.clientSecret)],
    ['a client secret as a form spells it', saying('x', new URLSearchParams(CLIENT).toString())],
    ['a secret as the error code', () => no(`no such token: ${session.refreshToken}`)],
    ['an answer that is not JSON', () => new Response(everything)],
    [
      'a token of an unknown type',
      () => Response.json({ access_token: everything, token_type: 'mac' }),
    ],
    ['a redirect', () => Response.redirect(`https://x.test/?${everything}`, 302)],
    ['a broken connection', broken],
  ])('in the error after %s', async (_, answer) => {
    const { server, manager, events } = await open()
    server.failNext('/token', answer, answer, answer)
    const error = await skippingWaits(() => failure(manager.refresh()))
    expect(printed(error)).not.toContain(CANARY)
    expect(printed(events)).not.toContain(CANARY)
  })

  it('in the error after a wrong password that the server repeats', async () => {
    const server = startServer()
    const manager = server.open({ ...CLIENT, ...ada })
    server.failNext('/token', saying('invalid_grant', ada.password))
    const error = await failure(manager.getTokens())
    expect(error.message).toContain('[redacted]')
    expect(printed(error)).not.toContain(CANARY)
  })

  it('and a password that is part of an error code does not change the error', async () => {
    const server = startServer()
    const manager = server.open({ ...CLIENT, username: 'ada', password: 'client' })
    server.failNext('/token', () => no('invalid_client', 401))
    const error = await failure(manager.getTokens())
    expect(error.cause).toMatchObject({ code: 'ERR_OAUTH_CONFIGURATION' })
    expect(error.message).toContain('invalid_[redacted]')
  })

  it('in the error of a sign-out that was refused', async () => {
    const { server, manager } = await open()
    server.failNext('/revoke', saying('invalid_request', everything))
    const error = await failure(manager.signOut())
    expect(error.code).toBe('ERR_SIGN_OUT_INCOMPLETE')
    expect(printed(error)).not.toContain(CANARY)
  })

  it('in a manager, printed', async () => {
    const { manager } = await open()
    expect(printed(manager)).not.toContain(CANARY)
  })
})
