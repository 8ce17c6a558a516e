import { describe, expect, it } from 'vitest'
import {
  type Challenge,
  type OAuthOptions,
  type OnChallenge,
  readChallenges,
} from '../src/index.ts'
import { challenge, CLIENT, ISSUER, startServer } from './support/oauth-server.ts'

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
    ['an unreadable one', '"""'],
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

  it('names the scope that is needed', async () => {
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

describe('a step-up', () => {
  const asking = (more: string) => `Bearer error="insufficient_user_authentication", ${more}`

  it('never renews, and explain() returns the whole challenge', async () => {
    const value = asking('acr_values="strong phr", max_age="60", error_description="again"')
    const { renewals, status, reason } = await meeting(401, value)
    expect({ renewals, status, code: reason?.code }).toEqual({
      renewals: 0,
      status: 401,
      code: 'ERR_STEP_UP_REQUIRED',
    })
    expect(reason?.challenge).toEqual({
      scheme: 'bearer',
      error: 'insufficient_user_authentication',
      error_description: 'again',
      acr_values: 'strong phr',
      max_age: 60,
    })
    expect(reason?.message).toContain('strong phr')
  })

  it("can come from Microsoft's continuous access evaluation, whose claims are decoded", async () => {
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
    const value = `Bearer realm="", error="insufficient_claims", claims="${btoa(claims)}"`
    const { renewals, reason } = await meeting(401, value)
    expect({ renewals, code: reason?.code }).toEqual({ renewals: 0, code: 'ERR_STEP_UP_REQUIRED' })
    expect(reason?.challenge?.claims).toBe(claims)
  })

  it.each(['"soon"', '"-1"', '1e3', '""'])('leaves out a max_age of %s', async (age) => {
    const { reason } = await meeting(401, asking(`max_age=${age}, acr_values="x"`))
    expect(reason?.challenge).not.toHaveProperty('max_age')
  })
})

it('readChallenges() returns a challenge with the URL of the metadata', async () => {
  const metadata = 'https://api.test/.well-known/oauth-protected-resource'
  const value = `Basic realm="x", Bearer resource_metadata="${metadata}"`
  expect(await readChallenges(new Headers({ 'www-authenticate': value }))).toEqual([
    { scheme: 'basic' },
    { scheme: 'bearer', resource_metadata: metadata },
  ])
  expect(await readChallenges(new Headers())).toEqual([])
})

describe('onChallenge', () => {
  const stepUp = 'Bearer error="insufficient_user_authentication", acr_values="strong"'

  /** A manager whose next `count` requests meet a challenge. */
  async function challenged(onChallenge: OnChallenge, count = 1, more: Partial<OAuthOptions> = {}) {
    const server = startServer()
    const tokenEndpoint = `${ISSUER}/token`
    const told = {
      issuer: undefined,
      tokenEndpoint,
      deviceAuthorizationEndpoint: `${ISSUER}/device`,
    }
    const manager = server.open({ ...told, onChallenge, ...more })
    server.live.access.add('weak').add('strong')
    await manager.setTokens({ accessToken: 'weak', refreshToken: 'r0', scope: 'read' })
    const answers = Array.from({ length: count }, () => () => challenge(401, stepUp))
    server.failNext('/items', ...answers)
    return { server, manager }
  }

  it('is called once for all waiting requests, and each is sent again with its token', async () => {
    const asked: Challenge[] = []
    const { server, manager } = await challenged(async (one) => {
      asked.push(one)
      return { accessToken: 'strong' }
    }, 30)
    const responses = await Promise.all(Array.from({ length: 30 }, () => server.read(manager)))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    expect(asked).toHaveLength(1)
    expect(server.grants()).toEqual([])
    expect(await manager.getTokens()).toMatchObject({ accessToken: 'strong', refreshToken: 'r0' })
  })

  it('may use any sign-in, which then stays in the same session', async () => {
    const ended: string[] = []
    const { server, manager } = await challenged((one, session) =>
      session
        .request('urn:exchange', { acr_values: one.acr_values ?? '' })
        .then((tokens) => session.setTokens(tokens)),
    )
    manager.on('signedOut', ({ reason }) => ended.push(reason))
    server.failNext('/token', () => Response.json({ access_token: 'strong' }))
    expect((await server.read(manager)).status).toBe(200)
    expect(server.asked[0]?.form.get('acr_values')).toBe('strong')
    expect(ended).toEqual([])
  })

  it('that obtains nothing, or fails, leaves the response, and explain() returns the challenge', async () => {
    for (const onChallenge of [() => undefined, () => Promise.reject(new Error('no browser'))]) {
      const { server, manager } = await challenged(onChallenge)
      const response = await server.read(manager)
      expect(response.status).toBe(401)
      const reason = manager.explain(response)
      expect(reason).toMatchObject({ code: 'ERR_STEP_UP_REQUIRED' })
      expect(reason?.challenge?.acr_values).toBe('strong')
      expect(server.grants()).toEqual([])
    }
  })

  it('is not called twice for one request', async () => {
    let count = 0
    const { server, manager } = await challenged(
      () => ({ accessToken: `strong${(count += 1)}` }),
      2,
    )
    const response = await server.read(manager)
    expect({ count, status: response.status }).toEqual({ count: 1, status: 401 })
    expect(manager.explain(response)?.code).toBe('ERR_STEP_UP_REQUIRED')
    expect(server.grants()).toEqual([])
  })

  it('is not called if the option isTokenRejected returns true', async () => {
    const judged: (string | undefined)[] = []
    const { server, manager } = await challenged(() => ({ accessToken: 'strong' }), 1, {
      isTokenRejected(response, one) {
        judged.push(one?.acr_values)
        return response.status === 401
      },
    })
    server.live.refresh.add('r0')
    expect((await server.read(manager)).status).toBe(200)
    expect(server.grants()).toEqual(['refresh_token'])
    expect(judged).toContain('strong')
  })
})

it('a 403 never renews, whatever it says', async () => {
  const forbidden = await meeting(403, 'Bearer error="invalid_token"')
  expect(forbidden).toEqual({ renewals: 0, status: 403, reason: undefined })
})

it('after a second 401 the caller gets the response, with the reason', async () => {
  const server = startServer()
  const manager = server.open({ ...CLIENT, clientCredentials: true })
  const twice = () => challenge(401, 'Bearer error="invalid_token"')
  server.failNext('/items', twice, twice)
  const response = await server.read(manager)
  expect(response.status).toBe(401)
  expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
})

it('the option isTokenRejected decides which responses reject the token', async () => {
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
