import { describe, expect, it } from 'vitest'
import { challenge, CLIENT, startServer } from './support/oauth-server.ts'

/** What comes of a request whose first answer carries this challenge. */
async function meeting(status: number, value: string | undefined) {
  const server = startServer()
  const manager = server.open({ ...CLIENT, clientCredentials: true })
  await manager.getTokens()
  const answer = () =>
    value === undefined ? new Response('', { status }) : challenge(status, value)
  server.failNext('/items', answer)
  const response = await server.read(manager)
  const renewals = server.grants().length - 1
  return { renewals, status: response.status, reason: manager.explain(response) }
}

describe('a 401', () => {
  it.each([
    ['no challenge', undefined],
    ['a challenge without an error', 'Bearer realm="api"'],
    ['invalid_token', 'Bearer error="invalid_token"'],
    ['invalid_token, unquoted', 'bearer error=invalid_token'],
    ['invalid_token in capitals of scheme and name', 'BEARER Error="invalid_token"'],
    ['invalid_token after a comma in quotes', 'Bearer realm="a, b", error="invalid_token"'],
    ['invalid_token after another challenge', 'Basic realm="x", Bearer error="invalid_token"'],
    ['invalid_token after a token68', 'Negotiate YWJj==, Bearer error="invalid_token"'],
    ['insufficient_scope of another scheme', 'Other error="insufficient_scope"'],
    ['insufficient_scope in quotes only', 'Bearer realm="error=\\"insufficient_scope\\""'],
    ['what nobody can read', '"""'],
    ['both errors', 'Bearer error="insufficient_scope", Bearer error="invalid_token"'],
  ])('with %s renews, and the request succeeds', async (_, value) => {
    expect(await meeting(401, value)).toMatchObject({ renewals: 1, status: 200 })
  })
})

describe('insufficient_scope', () => {
  it.each([
    ['with 403', 403, 'Bearer error="insufficient_scope"'],
    ['with 401', 401, 'Bearer error="insufficient_scope"'],
    ['after another challenge', 401, 'Basic realm="x, y", bearer Error=insufficient_scope'],
    ['before another challenge', 403, 'Bearer error="insufficient_scope", DPoP algs="ES256"'],
  ])('%s never renews, and is explained', async (_, status, value) => {
    const { renewals, reason, ...rest } = await meeting(status, value)
    expect({ renewals, ...rest }).toEqual({ renewals: 0, status })
    expect(reason?.code).toBe('ERR_INSUFFICIENT_SCOPE')
  })

  it('says which scope is needed', async () => {
    const value = 'Bearer error="insufficient_scope", scope="read write"'
    expect((await meeting(403, value)).reason?.message).toContain('"read write"')
  })

  it("is the reason of a client's error that carries the response", async () => {
    const server = startServer()
    const manager = server.open({ ...CLIENT, clientCredentials: true })
    server.failNext('/items', () => challenge(403, 'Bearer error="insufficient_scope"'))
    const response = await server.read(manager)
    const error = Object.assign(new Error('403'), { response })
    const wrapped = new Error('outer', { cause: error })
    expect(manager.explain(wrapped)?.code).toBe('ERR_INSUFFICIENT_SCOPE')
    expect(manager.explain(new Response())).toBe(undefined)
    expect(manager.explain(undefined)).toBe(undefined)
  })
})

it('a 403 never renews, whatever it says', async () => {
  const forbidden = await meeting(403, 'Bearer error="invalid_token"')
  expect(forbidden).toEqual({ renewals: 0, status: 403, reason: undefined })
})

it("a 401 twice is the caller's, with the reason", async () => {
  const server = startServer()
  const manager = server.open({ ...CLIENT, clientCredentials: true })
  const twice = () => challenge(401, 'Bearer error="invalid_token"')
  server.failNext('/items', twice, twice)
  const response = await server.read(manager)
  expect(response.status).toBe(401)
  expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
})

it('what counts as rejected can be told', async () => {
  const server = startServer()
  const manager = server.open({
    ...CLIENT,
    clientCredentials: true,
    isTokenRejected: ({ status }) => status === 419,
  })
  server.failNext('/items', () => new Response('', { status: 419 }))
  expect((await server.read(manager)).status).toBe(200)
  server.failNext('/items', () => new Response('', { status: 401 }))
  expect((await server.read(manager)).status).toBe(401)
})
