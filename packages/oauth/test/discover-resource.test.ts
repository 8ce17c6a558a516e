import { inspect } from 'node:util'
import { isLatchkeyError } from '@latchkey/core'
import { oauth } from '@latchkey/oauth'
import { discoverResource, registerClient } from '@latchkey/oauth/discovery'
import { createOAuthDouble } from '@latchkey/testing'
import { describe, expect, it } from 'vitest'

const api = 'https://api.test/mcp'
const wellKnown = 'https://api.test/.well-known/oauth-protected-resource'

/** A `fetch` that knows a few addresses; the rest is not found. */
const answering = (answers: Record<string, object | number>) => {
  const asked: string[] = []
  const fetch: typeof globalThis.fetch = async (input) => {
    const { url } = new Request(input)
    asked.push(url)
    const answer = answers[url] ?? 404
    return typeof answer === 'number'
      ? new Response('', { status: answer })
      : Response.json(answer, { status: 'client_id' in answer ? 201 : 200 })
  }
  return { fetch, asked }
}

const codeOf = (error: unknown) => (isLatchkeyError(error) ? error.code : error)
const failure = (promise: Promise<unknown>) => promise.then(() => 'no failure', codeOf)

describe('discoverResource()', () => {
  const metadata = { resource: api, authorization_servers: ['https://auth.test', 'https://b.test'] }

  it('reads the metadata for the path of an API', async () => {
    const { fetch, asked } = answering({ [`${wellKnown}/mcp`]: metadata })
    const found = await discoverResource(api, { fetch })
    expect(found).toEqual({
      origin: 'https://api.test',
      issuer: 'https://auth.test',
      resource: api,
    })
    expect(asked).toEqual([`${wellKnown}/mcp`])
  })

  it.each([404, 401, 400])(
    'reads the metadata at the origin, if the path answers %i',
    async (no) => {
      const all = { ...metadata, resource: 'https://api.test', scopes_supported: ['read', 'write'] }
      const { fetch } = answering({ [`${wellKnown}/mcp`]: no, [wellKnown]: all })
      const found = await discoverResource(api, { fetch })
      expect(found).toMatchObject({ resource: 'https://api.test', scope: 'read write' })
    },
  )

  it('reads the metadata at the URL from a challenge', async () => {
    const metadataUrl = 'https://api.test/about'
    const { fetch, asked } = answering({ [metadataUrl]: metadata })
    expect(await discoverResource(api, { fetch, metadataUrl })).toMatchObject({ resource: api })
    expect(asked).toEqual([metadataUrl])
  })

  it.each([
    ['about another origin', { ...metadata, resource: 'https://other.test/mcp' }],
    ['about another path', { ...metadata, resource: 'https://api.test/mc' }],
    ['about a path below', { ...metadata, resource: `${api}/inner` }],
    ['without an issuer', { resource: api }],
    ['without a name', { authorization_servers: ['https://auth.test'] }],
  ])('refuses metadata %s', async (_, wrong) => {
    const { fetch } = answering({ [`${wellKnown}/mcp`]: wrong })
    expect(await failure(discoverResource(api, { fetch }))).toBe('ERR_UNEXPECTED_ANSWER')
  })

  it('fails if an API cannot be asked, or has no metadata', async () => {
    for (const answers of [{ [`${wellKnown}/mcp`]: 503 }, {}]) {
      const { fetch } = answering(answers)
      expect(await failure(discoverResource(api, { fetch }))).toBe('ERR_SERVER_UNAVAILABLE')
    }
  })

  it('refuses an address that secrets must not be sent to', async () => {
    expect(await failure(discoverResource('http://api.test/mcp'))).toBe('ERR_INVALID_OPTION')
    const metadataUrl = 'http://api.test/about'
    expect(await failure(discoverResource(api, { metadataUrl }))).toBe('ERR_INVALID_OPTION')
  })
})

describe('registerClient()', () => {
  it('returns options for oauth(), with a secret and without', async () => {
    const { fetch } = createOAuthDouble()
    const issuer = 'https://auth.test'
    const program = await registerClient(issuer, { fetch })
    expect(program).toEqual({ clientId: expect.any(String), clientAuthentication: 'none' })
    const clientAuthentication = 'basic'
    const grantTypes = ['client_credentials']
    const machine = await registerClient(issuer, { fetch, clientAuthentication, grantTypes })
    const manager = oauth({ origin: issuer, issuer, ...machine, clientCredentials: true, fetch })
    expect(await manager.getTokens()).toMatchObject({ accessToken: expect.any(String) })
  })

  const discovered = 'https://auth.test/.well-known/openid-configuration'
  const server = { issuer: 'https://auth.test', token_endpoint: 'https://auth.test/token' }

  it('accepts any 2xx', async () => {
    const registration_endpoint = 'https://auth.test/register'
    const { fetch } = answering({ [discovered]: { ...server, registration_endpoint } })
    const respond: typeof globalThis.fetch = async (input, init) =>
      new Request(input).url === registration_endpoint
        ? Response.json({ client_id: 'c' })
        : fetch(input, init)
    const { clientId } = await registerClient('https://auth.test', { fetch: respond })
    expect(clientId).toBe('c')
  })

  it.each([
    ['none', 'none', {}],
    ['client_secret_basic', 'basic', { clientSecret: 's' }],
    ['client_secret_post', 'post', { clientSecret: 's' }],
  ])('returns what the server registered: %s', async (method, clientAuthentication, secret) => {
    const registration_endpoint = 'https://auth.test/register'
    const { fetch } = answering({
      [discovered]: { ...server, registration_endpoint },
      [registration_endpoint]: {
        client_id: 'c',
        client_secret: 's',
        token_endpoint_auth_method: method,
      },
    })
    const client = await registerClient('https://auth.test', { fetch })
    expect(client).toEqual({ clientId: 'c', clientAuthentication, ...secret })
    expect(() =>
      oauth({ origin: 'https://api.test', issuer: 'https://auth.test', ...client }),
    ).not.toThrow()
  })

  it.each([
    ['registers no clients', server],
    [
      'would send the secret in the clear',
      { ...server, registration_endpoint: 'http://auth.test' },
    ],
  ])('says that the server %s', async (_, metadata) => {
    const { fetch } = answering({ [discovered]: metadata })
    const code = await failure(registerClient('https://auth.test', { fetch }))
    expect(code).toBe('ERR_OAUTH_CONFIGURATION')
  })

  it("shows the server's message for a refusal, without the access token", async () => {
    const registration_endpoint = 'https://auth.test/register'
    const known = answering({ [discovered]: { ...server, registration_endpoint } })
    const initialAccessToken = 'CANARY-7f3a-initial'
    const fetch: typeof globalThis.fetch = async (input, init) => {
      if (new Request(input).url !== registration_endpoint) return known.fetch(input, init)
      const sent = new Headers(init?.headers).get('authorization')
      const body = { error: 'invalid_client_metadata', error_description: `not with ${sent}` }
      return Response.json(body, { status: 400 })
    }
    const options = { fetch, initialAccessToken }
    const error: unknown = await registerClient('https://auth.test', options).catch((one) => one)
    const all = inspect(error, { depth: 9, showHidden: true })
    expect(error).toMatchObject({ code: 'ERR_OAUTH_CONFIGURATION' })
    expect(all).toContain('invalid_client_metadata: not with Bearer')
    expect(all).not.toContain('CANARY')
  })

  it('fails if the answer has no client', async () => {
    const registration_endpoint = 'https://auth.test/register'
    const { fetch } = answering({
      [discovered]: { ...server, registration_endpoint },
      [registration_endpoint]: { client_id: 7 },
    })
    const code = await failure(registerClient('https://auth.test', { fetch }))
    expect(code).toBe('ERR_UNEXPECTED_ANSWER')
  })
})
