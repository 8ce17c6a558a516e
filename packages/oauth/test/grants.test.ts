import { memoryStore } from '@latchkey/core'
import { describe, expect, it } from 'vitest'
import { codeOf, failure, skippingWaits } from '../../nocodb/test/support/server.ts'
import { ada, API, broken, CANARY, CLIENT, no, startServer } from './support/oauth-server.ts'

const session = { accessToken: `${CANARY}-gone`, refreshToken: `${CANARY}-r0` }

/** A manager whose stored session has a live refresh token. */
async function withSession(options: Parameters<ReturnType<typeof startServer>['open']>[0] = {}) {
  const server = startServer()
  server.live.refresh.add(session.refreshToken)
  const manager = server.open(options)
  await manager.setTokens(session)
  return { server, manager }
}

describe('the chain', () => {
  it('uses a stored access token without asking the server', async () => {
    const server = startServer()
    const store = memoryStore()
    const tokens = { accessToken: 'stored', expiresAt: server.clock.now() + 60_000 }
    await store.setToken(tokens, 'session')
    const manager = server.open({ store, name: 'session', ...CLIENT, clientCredentials: true })
    expect((await manager.getTokens()).accessToken).toBe('stored')
    expect(server.asked).toEqual([])
  })

  it('uses client credentials without a session', async () => {
    const server = startServer()
    const manager = server.open({ ...CLIENT, clientCredentials: true, scope: 'read write' })
    expect((await server.read(manager)).status).toBe(200)
    const [{ form } = { form: undefined }] = server.asked
    expect(Object.fromEntries(form ?? [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'read write',
    })
  })

  it('uses client credentials again when the token has expired', async () => {
    const server = startServer()
    const manager = server.open({ ...CLIENT, clientCredentials: true })
    await server.read(manager)
    server.expire()
    expect((await server.read(manager)).status).toBe(200)
    expect(server.grants()).toEqual(['client_credentials', 'client_credentials'])
  })

  it('signs in by password, then uses the refresh token', async () => {
    const server = startServer()
    const manager = server.open({ ...ada, scope: 'read' })
    await server.read(manager)
    server.live.access.clear()
    expect((await server.read(manager)).status).toBe(200)
    expect(server.grants()).toEqual(['password', 'refresh_token'])
  })

  it('signs in by password again when the refresh token is refused', async () => {
    const { server, manager } = await withSession(ada)
    server.live.refresh.clear()
    expect((await server.read(manager)).status).toBe(200)
    expect(server.grants()).toEqual(['refresh_token', 'password'])
  })

  it('never uses a client secret alone to obtain a token for the client itself', async () => {
    const { server, manager } = await withSession(CLIENT)
    server.live.refresh.clear()
    expect(await codeOf(manager.refresh())).toBe('ERR_REFRESH_TOKEN_REJECTED')
    expect(server.grants()).toEqual(['refresh_token'])
  })

  it('fails without a session, and says so', async () => {
    const server = startServer()
    expect(await failure(server.open().getTokens())).toMatchObject({
      code: 'ERR_SIGN_IN_REQUIRED',
      message: expect.stringContaining(
        'refresh token (there is none), username and password (they are not given, nor is `clientCredentials`)',
      ),
    })
    expect(server.asked).toEqual([])
  })
})

describe('a refresh', () => {
  it('rotates the refresh token', async () => {
    const { server, manager } = await withSession()
    await server.read(manager)
    server.live.access.clear()
    expect((await server.read(manager)).status).toBe(200)
    const presented = server.asked.map(({ form }) => form.get('refresh_token'))
    expect(presented).toEqual([session.refreshToken, `${CANARY}-r1`])
  })

  it('without a new refresh token keeps the old one', async () => {
    const server = startServer({ rotates: false })
    server.live.refresh.add(session.refreshToken)
    const manager = server.open()
    await manager.setTokens(session)
    expect((await manager.refresh()).refreshToken).toBe(session.refreshToken)
    expect((await manager.refresh()).refreshToken).toBe(session.refreshToken)
  })

  it('sends the additional parameters and no scope', async () => {
    const parameters = { audience: 'https://api', resource: ['urn:a', 'urn:b'] }
    const { server, manager } = await withSession({ parameters, scope: 'read' })
    await manager.refresh()
    expect([...(server.asked[0]?.form ?? [])]).toEqual([
      ['audience', 'https://api'],
      ['resource', 'urn:a'],
      ['resource', 'urn:b'],
      ['refresh_token', session.refreshToken],
      ['grant_type', 'refresh_token'],
      ['client_id', 'reports'],
    ])
  })

  it('is not sent with a refresh token that has expired', async () => {
    const { server, manager } = await withSession()
    await manager.setTokens({ ...session, refreshExpiresAt: server.clock.now() - 1 })
    expect(await codeOf(manager.refresh())).toBe('ERR_REFRESH_TOKEN_REJECTED')
    expect(server.asked).toEqual([])
  })

  it('for 50 requests at once is sent once', async () => {
    const { server, manager } = await withSession()
    const all = await Promise.all(Array.from({ length: 50 }, () => server.read(manager)))
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]))
    expect(server.grants()).toEqual(['refresh_token'])
  })
})

describe('the client authenticates', () => {
  it.each([
    ['by its id alone, without a secret', {}, null, { client_id: 'reports' }],
    [
      'in the header, with one, encoded as RFC 6749 section 2.3.1 says',
      CLIENT,
      `Basic ${btoa('reports:CANARY%2D7f3a%2Dclient+secret%2F%2B')}`,
      {},
    ],
    [
      'in the form, when told so',
      { ...CLIENT, clientAuthentication: 'post' as const },
      null,
      { client_id: 'reports', client_secret: CLIENT.clientSecret },
    ],
  ])('%s', async (_, options, authorization, form) => {
    const server = startServer()
    await server.open({ clientCredentials: true, ...options }).getTokens()
    expect(server.asked[0]?.headers.get('authorization')).toBe(authorization)
    expect(Object.fromEntries(server.asked[0]?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      ...form,
    })
  })
})

describe('a definite no', () => {
  const atlassian = { error: 'unauthorized_client', error_description: 'refresh_token is invalid' }
  const twitch = { status: 400, message: 'Invalid refresh token' }
  const fastApi = { detail: 'Could not validate credentials' }
  const required = { message: 'Authentication required' }

  it.each([
    ['invalid_grant', () => no('invalid_grant')],
    ['a bare 400', () => new Response('', { status: 400 })],
    ['a bare 401', () => new Response('Unauthorized', { status: 401 })],
    ['403 invalid_grant (Auth0)', () => no('invalid_grant', 403)],
    ['401 invalid_request (Passport)', () => no('invalid_request', 401)],
    ['403 unauthorized_client (Atlassian)', () => Response.json(atlassian, { status: 403 })],
    ['400 without a code (Twitch)', () => Response.json(twitch, { status: 400 })],
    ['401 of a validation (FastAPI)', () => Response.json(fastApi, { status: 401 })],
    ['401 that wants a sign-in', () => Response.json(required, { status: 401 })],
    ['an error told with 200 (GitHub)', () => no('bad_refresh_token', 200)],
  ])('%s ends the session', async (_, answer) => {
    const { server, manager } = await withSession()
    server.failNext('/token', answer)
    const response = await server.read(manager)
    expect(response.status).toBe(401)
    expect(manager.explain(response)?.code).toBe('ERR_REFRESH_TOKEN_REJECTED')
    expect(await codeOf(server.read(manager))).toBe('ERR_REFRESH_TOKEN_REJECTED')
    expect(server.asked).toHaveLength(1)
  })

  it.each([
    ['of any field', twitch, '({"status":400,"message":"Invalid refresh token"})'],
    ['in place of a code', { error: 'Session over', used: 'r0' }, '(Session over)'],
  ])('is shown with words %s', async (_, body, shown) => {
    const { server, manager } = await withSession()
    server.failNext('/token', () => Response.json(body, { status: 400 }))
    expect((await failure(manager.refresh())).message).toContain(shown)
  })

  it('to the password has its own code, and the password is sent once', async () => {
    const server = startServer()
    const manager = server.open({ username: 'ada', password: `${CANARY}-wrong` })
    const all = await Promise.allSettled([server.read(manager), server.read(manager)])
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await codeOf(server.read(manager))).toBe('ERR_WRONG_CREDENTIALS')
    expect(server.grants()).toEqual(['password'])
  })
})

describe('a configuration error', () => {
  const answers: [string, () => Response, string][] = [
    ['invalid_client', () => no('invalid_client', 401), '`clientSecret`'],
    ['unauthorized_client', () => no('unauthorized_client'), 'Allow this client'],
    ['invalid_scope', () => no('invalid_scope'), '`scope`'],
    ['unsupported_grant_type', () => no('unsupported_grant_type'), 'does not offer this grant'],
    ['invalid_target', () => no('invalid_target'), '`resource`'],
    ['invalid_request', () => no('invalid_request'), '`parameters`'],
    [
      'a 401 that asks for Basic credentials',
      () => new Response('', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }),
      '`clientSecret`',
    ],
  ]

  it.each(answers)(
    '(%s) says what to correct, and keeps the session',
    async (_, answer, advice) => {
      const { server, manager } = await withSession({ ...CLIENT, clientAuthentication: 'basic' })
      server.failNext('/token', answer)
      const error = await failure(manager.refresh())
      expect(error.code).toBe('ERR_RENEWAL_UNAVAILABLE')
      expect(error.cause).toMatchObject({ code: 'ERR_OAUTH_CONFIGURATION' })
      expect(error.message).toContain(advice)
      expect((await manager.refresh()).accessToken).toBe(`${CANARY}-a1`)
    },
  )

  it('does not flood the server, which is asked once and not again for a minute', async () => {
    const server = startServer()
    const manager = server.open({ ...CLIENT, clientCredentials: true })
    server.failNext('/token', () => no('invalid_client', 401))
    for (const _ of [1, 2, 3]) {
      expect(await codeOf(server.read(manager))).toBe('ERR_RENEWAL_UNAVAILABLE')
    }
    server.clock.pass(59_000)
    expect(await codeOf(server.read(manager))).toBe('ERR_RENEWAL_UNAVAILABLE')
    expect(server.asked).toHaveLength(1)
    server.clock.pass(1_000)
    expect((await server.read(manager)).status).toBe(200)
  })

  it('is the meaning of any rejection of client credentials, because no session can end', async () => {
    const server = startServer()
    const manager = server.open({ ...CLIENT, clientCredentials: true })
    server.failNext('/token', () => new Response('', { status: 401 }))
    expect((await failure(manager.getTokens())).cause).toMatchObject({
      code: 'ERR_OAUTH_CONFIGURATION',
    })
  })

  it('never leads to a sign-in by password', async () => {
    const { server, manager } = await withSession(ada)
    server.failNext('/token', () => no('invalid_client', 401))
    expect(await codeOf(manager.refresh())).toBe('ERR_RENEWAL_UNAVAILABLE')
    expect(server.grants()).toEqual(['refresh_token'])
  })
})

describe('an unavailable server', () => {
  const lacking = (message: string) => Response.json({ message }, { status: 400 })

  it.each([
    ['500', () => new Response('', { status: 500 })],
    ['429', () => new Response('', { status: 429 })],
    ['408', () => new Response('', { status: 408 })],
    ['404', () => new Response('', { status: 404 })],
    ['400 temporarily_unavailable', () => no('temporarily_unavailable')],
    ['403 CSRF', () => Response.json({ detail: 'CSRF Failed' }, { status: 403 })],
    ['400 for want of a field', () => lacking('The refresh_token field is required.')],
    ['400 that a framework calls an error', () => no('Bad Request: the token is missing')],
    ["401 without the app's key", () => Response.json({ message: 'No API key' }, { status: 401 })],
    ['a redirect', () => Response.redirect('https://elsewhere.test/token', 307)],
    [
      'a redirect that a browser hides',
      () => Object.defineProperty(new Response(), 'type', { value: 'opaqueredirect' }),
    ],
  ])('(%s) is asked three times and ends no session', async (_, fault) => {
    const { server, manager } = await withSession(ada)
    server.failNext('/token', fault, fault, fault)
    const code = await skippingWaits(() => codeOf(manager.refresh()))
    expect(code).toBe('ERR_RENEWAL_UNAVAILABLE')
    expect(server.grants()).toEqual(['refresh_token', 'refresh_token', 'refresh_token'])
    expect((await manager.refresh()).accessToken).toBe(`${CANARY}-a1`)
  })

  it.each([
    ['a connection that breaks', broken],
    ["a proxy's page", () => new Response('<html>')],
  ])(
    '(%s) may have spent the refresh token, so it is not asked again at once',
    async (_, fault) => {
      const { server, manager } = await withSession(ada)
      server.failNext('/token', fault)
      expect(await codeOf(manager.refresh())).toBe('ERR_RENEWAL_UNAVAILABLE')
      expect(server.grants()).toEqual(['refresh_token'])
      expect((await manager.refresh()).accessToken).toBe(`${CANARY}-a1`)
    },
  )

  it('is asked again after its Retry-After', async () => {
    const { server, manager } = await withSession()
    const headers = { 'retry-after': '30' }
    server.failNext('/token', () => new Response('', { status: 503, headers }))
    expect(await failure(manager.refresh())).toMatchObject({ retryAfterMs: 30_000 })
    expect(server.asked).toHaveLength(1)
  })

  it('cannot redirect the secrets elsewhere', async () => {
    const { server, manager } = await withSession()
    const redirect = () => Response.redirect(`${API}/items`, 307)
    server.failNext('/token', redirect, redirect, redirect)
    const error = await skippingWaits(() => failure(manager.refresh()))
    expect(error.cause).toMatchObject({ code: 'ERR_REDIRECT_REFUSED' })
    expect(new Set(server.asked.map(({ path }) => path))).toEqual(new Set(['/token']))
  })
})
