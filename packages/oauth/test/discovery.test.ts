import { afterEach, describe, expect, it, vi } from 'vitest'
import { failure, skippingWaits } from '../../nocodb/test/support/server.ts'
import { API, broken, CANARY, CLIENT, ISSUER, startServer } from './support/oauth-server.ts'

const OIDC = '/.well-known/openid-configuration'
const machine = { ...CLIENT, clientCredentials: true }
const describing = (metadata: object) => () => Response.json({ issuer: ISSUER, ...metadata })

/** What the sign-in of a client fails with when the issuer describes itself so. */
async function causeWith(metadata: object) {
  const server = startServer()
  const answer = describing(metadata)
  server.failNext(OIDC, answer, answer, answer)
  const error = await skippingWaits(() => failure(server.open(machine).getTokens()))
  expect(error.code).toBe('ERR_RENEWAL_UNAVAILABLE')
  expect(server.asked).toEqual([])
  return error.cause as Error & { code?: string }
}

describe('discovery', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('happens when a token is needed, once per manager', async () => {
    const server = startServer()
    const seen: string[] = []
    const counting: typeof fetch = (input, init) => {
      seen.push(new URL(new Request(input, init).url).pathname)
      return server.fetch(input, init)
    }
    const manager = server.open({ ...machine, fetch: counting })
    expect(seen).toEqual([])
    await manager.refresh()
    await manager.refresh()
    await manager.signOut()
    expect(seen).toEqual([OIDC, '/token', '/token', '/revoke'])
  })

  it('needs no stream of the answer, which React Native does not have', async () => {
    vi.spyOn(Response.prototype, 'body', 'get').mockReturnValue(null)
    const { accessToken } = await startServer().open(machine).getTokens()
    expect(accessToken).toContain(CANARY)
  })

  it('that failed is tried again', async () => {
    const server = startServer()
    const manager = server.open(machine)
    server.failNext(OIDC, broken, broken, broken)
    const error = await skippingWaits(() => failure(manager.getTokens()))
    expect(error.cause).toMatchObject({ code: 'ERR_SERVER_UNAVAILABLE' })
    expect(await manager.refresh()).toBeDefined()
  })

  it('finds a server that describes itself as RFC 8414 says', async () => {
    const server = startServer()
    const none = () => new Response('', { status: 404 })
    server.failNext(OIDC, none, none, none)
    server.failNext(
      '/.well-known/oauth-authorization-server',
      describing({ token_endpoint: `${ISSUER}/token` }),
    )
    expect(await server.open(machine).getTokens()).toBeDefined()
  })

  it('refuses a server whose metadata names another issuer', async () => {
    const cause = await causeWith({ issuer: 'https://other.test', token_endpoint: ISSUER })
    expect(cause.code).toBe('ERR_OAUTH_CONFIGURATION')
  })

  it.each([
    ['none', {}],
    ['one on plain http', { token_endpoint: 'http://login.test/token' }],
    ['one that is not a URL', { token_endpoint: 'token' }],
  ])('refuses a token endpoint that is %s', async (_, metadata) => {
    const cause = await causeWith(metadata)
    expect(cause.code).toBe('ERR_OAUTH_CONFIGURATION')
    expect(cause.message).toContain('`tokenEndpoint`')
  })

  it('refuses a revocation endpoint on plain http', async () => {
    const metadata = { token_endpoint: `${ISSUER}/token`, revocation_endpoint: 'http://login.test' }
    expect((await causeWith(metadata)).code).toBe('ERR_OAUTH_CONFIGURATION')
  })

  it('fails if the answer is not the metadata of a server', async () => {
    const server = startServer()
    const page = () => new Response('<html>')
    server.failNext(OIDC, page, page, page)
    const error = await skippingWaits(() => failure(server.open(machine).getTokens()))
    expect(error.cause).toMatchObject({ code: 'ERR_UNEXPECTED_ANSWER' })
  })

  it('at an unavailable server is put off for as long as the server says', async () => {
    const server = startServer()
    const headers = { 'retry-after': '30' }
    server.failNext(OIDC, () => new Response('', { status: 503, headers }))
    const error = await failure(server.open(machine).getTokens())
    expect(error).toMatchObject({
      retryAfterMs: 30_000,
      cause: { code: 'ERR_SERVER_UNAVAILABLE' },
    })
  })

  it('is not needed if the endpoint is configured', async () => {
    const server = startServer()
    const fail = () => new Response('', { status: 500 })
    server.failNext(OIDC, fail)
    const told = { issuer: undefined, tokenEndpoint: `${ISSUER}/token` }
    expect(await server.open({ ...machine, ...told }).getTokens()).toBeDefined()
  })

  it.each([
    ['loopback', 'http://127.0.0.1:9/token', {}],
    ['a host that the caller trusts', 'http://login.test/token', { allowInsecure: true }],
  ])('plain http is used on %s', async (_, tokenEndpoint, more) => {
    const server = startServer()
    const told = { issuer: undefined, tokenEndpoint, origin: API }
    expect(await server.open({ ...machine, ...told, ...more }).getTokens()).toBeDefined()
  })
})
