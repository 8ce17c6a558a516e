import { GrantRejectedError, memoryStore } from '@latchkey/core'
import { generateKeyPair, PrivateKeyJwt } from 'oauth4webapi'
import { describe, expect, it } from 'vitest'
import { codeOf, failure, printed } from '../../nocodb/test/support/server.ts'
import { API, CANARY, ISSUER, no, startServer } from './support/oauth-server.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const answer = () => Response.json({ access_token: 'exchanged', token_type: 'Bearer' })
const basic = (secret: string) => `Basic ${btoa(`reports:${secret}`)}`

describe('`clientSecret` as a function', () => {
  it('is called for each token request, so that a new secret needs no restart', async () => {
    const server = startServer()
    let count = 0
    const clientSecret = async () => `secret${(count += 1)}`
    const manager = server.open({ clientSecret, clientCredentials: true })
    await manager.refresh()
    await manager.refresh()
    const sent = server.asked.map(({ headers }) => headers.get('authorization'))
    expect(sent).toEqual([basic('secret1'), basic('secret2')])
  })

  it('shows no secret when the server repeats it', async () => {
    const server = startServer()
    const clientSecret = () => `${CANARY}-rotated`
    const manager = server.open({ clientSecret, clientCredentials: true })
    const description = `${CANARY}-rotated ${basic(`${CANARY}-rotated`)}`
    server.failNext('/token', () => no('invalid_client', 401, { error_description: description }))
    const error = await failure(manager.getTokens())
    expect(error.cause).toMatchObject({ code: 'ERR_OAUTH_CONFIGURATION' })
    expect(printed(error)).not.toContain(CANARY)
    expect(printed(error)).not.toContain(btoa(`reports:${CANARY}`).slice(0, 20))
  })

  it('that returns nothing is an error that names it', async () => {
    const server = startServer()
    const manager = server.open({ clientSecret: () => '', clientCredentials: true })
    const error = await failure(manager.getTokens())
    expect(printed(error)).toContain('`clientSecret` must return a non-empty string.')
    expect(server.asked).toEqual([])
  })
})

describe('`clientAuthentication` as a function', () => {
  it('of oauth4webapi signs an assertion, which shows nowhere', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const server = startServer()
    const clientAuthentication = PrivateKeyJwt(privateKey)
    const manager = server.open({ clientAuthentication, clientCredentials: true })
    await manager.getTokens()
    const assertion = server.asked[0]?.form.get('client_assertion') ?? ''
    const claims = JSON.parse(atob((assertion.split('.')[1] ?? '').replaceAll('-', '+'))) as object
    expect(claims).toMatchObject({ iss: 'reports', sub: 'reports' })
    const repeating = () =>
      no('invalid_client', 401, {
        error_description: server.asked.at(-1)?.form.get('client_assertion'),
      })
    server.failNext('/token', repeating)
    const error = await failure(manager.refresh())
    expect(error.message).toContain('[redacted]')
  })

  it('can send the identity of a workload', async () => {
    const server = startServer()
    const manager = server.open({
      clientAuthentication: (_server, _client, form) => {
        form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
        form.set('client_assertion', `${CANARY}-workload`)
      },
      clientCredentials: true,
    })
    server.failNext('/token', () => no(`${CANARY}-workload is unknown`, 401))
    const error = await failure(manager.getTokens())
    expect(server.asked[0]?.form.get('client_assertion')).toBe(`${CANARY}-workload`)
    expect(printed(error)).not.toContain(CANARY)
  })
})

describe('an extra grant', () => {
  const exchange = {
    name: 'exchange',
    grantType: EXCHANGE,
    parameters: async () => ({ subject_token: `${CANARY}-subject` }),
  }

  it('of another type goes to the token endpoint with its parameters', async () => {
    const server = startServer()
    server.failNext('/token', answer)
    const manager = server.open({ grants: [exchange] })
    expect((await manager.getTokens()).accessToken).toBe('exchanged')
    expect(Object.fromEntries(server.asked[0]?.form ?? [])).toEqual({
      grant_type: EXCHANGE,
      client_id: 'reports',
      subject_token: `${CANARY}-subject`,
    })
  })

  it('is tried after the refresh token and before the credentials', async () => {
    const server = startServer()
    const manager = server.open({ grants: [exchange], clientCredentials: true })
    await manager.setTokens({ accessToken: 'gone', refreshToken: 'unknown' })
    server.failNext('/token', no, no)
    await manager.refresh()
    expect(server.grants()).toEqual(['refresh_token', EXCHANGE, 'client_credentials'])
  })

  it('that is rejected says so, and shows no secret', async () => {
    const server = startServer()
    const said = `unknown: ${CANARY}-subject`
    server.failNext('/token', () => no('invalid_grant', 400, { error_description: said }))
    const error = await failure(server.open({ grants: [exchange] }).getTokens())
    expect(error.cause).toMatchObject({ code: 'ERR_GRANT_REJECTED' })
    expect(printed(error)).not.toContain(CANARY)
  })

  it('that returns no parameters does not apply, and says why', async () => {
    const server = startServer()
    const idle = { ...exchange, parameters: () => undefined, missing: 'no subject' }
    const error = await failure(server.open({ grants: [idle] }).getTokens())
    expect(error.code).toBe('ERR_SIGN_IN_REQUIRED')
    expect(error.message).toContain('exchange (no subject)')
    expect(server.asked).toEqual([])
  })

  it('may be one of core', async () => {
    const server = startServer()
    const refusing = {
      name: 'cloud',
      request: () => Promise.reject(new GrantRejectedError('no', { code: 'ERR_CLOUD' })),
    }
    expect(await codeOf(server.open({ grants: [refusing] }).getTokens())).toBe('ERR_CLOUD')
  })
})

it('`refreshScope` and `resource` go with a refresh; `scope` does not', async () => {
  const server = startServer()
  const resource = ['https://a.test', 'urn:b']
  const manager = server.open({ scope: 'read write', refreshScope: 'read', resource })
  await manager.setTokens({ accessToken: 'gone', refreshToken: `${CANARY}-r0` })
  server.live.refresh.add(`${CANARY}-r0`)
  await manager.refresh()
  const [{ form } = { form: new URLSearchParams() }] = server.asked
  expect([form.get('scope'), form.getAll('resource')]).toEqual(['read', resource])
})

it('sessions for several resources have names of their own', async () => {
  const server = startServer()
  const store = memoryStore()
  for (const resource of ['https://a.test', 'https://b.test'])
    await server.open({ store, resource }).setTokens({ accessToken: 'x' })
  expect(await store.names?.()).toHaveLength(2)
})

it('another scheme sends the token with its own prefix', async () => {
  const server = startServer()
  const scheme = {
    name: 'token',
    header: 'authorization',
    cacheable: true,
    headers: ({ accessToken }: { accessToken: string }) => ({
      authorization: `token ${accessToken}`,
    }),
  }
  const manager = server.open({ scheme })
  await manager.setTokens({ accessToken: 'x' })
  const { headers } = await manager.authorize({ url: `${API}/a`, method: 'GET' })
  expect(headers).toEqual({ authorization: 'token x' })
})

describe("a server that describes itself only as RFC 8414 says, whatever OpenID's path answers", () => {
  const page = () => new Response('<html>not found</html>')
  it.each([
    ['404', () => new Response('', { status: 404 })],
    ['500', () => new Response('', { status: 500 })],
    ['a page with 200', page],
    ['a redirect', () => Response.redirect('https://login.test/sign-in', 302)],
    ['another issuer', () => Response.json({ issuer: 'https://other.test' })],
  ])('%s', async (_, found) => {
    const server = startServer()
    server.failNext('/.well-known/openid-configuration', found)
    server.failNext('/.well-known/oauth-authorization-server', () =>
      Response.json({ issuer: ISSUER, token_endpoint: `${ISSUER}/token` }),
    )
    const manager = server.open({ clientSecret: 'x', clientCredentials: true })
    expect(await manager.getTokens()).toBeDefined()
  })
})

it('metadata may come as any 2xx, such as the 203 of a proxy', async () => {
  const server = startServer()
  const metadata = { issuer: ISSUER, token_endpoint: `${ISSUER}/token` }
  server.failNext('/.well-known/openid-configuration', () =>
    Response.json(metadata, { status: 203 }),
  )
  const manager = server.open({ clientSecret: 'x', clientCredentials: true })
  expect(await manager.getTokens()).toBeDefined()
})
