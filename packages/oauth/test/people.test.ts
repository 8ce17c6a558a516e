import { createTokenManager, bearer } from '@latchkey/core'
import { describe, expect, it, vi } from 'vitest'
import { failure, printed } from '../../nocodb/test/support/server.ts'
import {
  type DeviceCode,
  finishSignIn,
  type OAuthOptions,
  signInWithDevice,
  startSignIn,
  startSignOut,
} from '../src/index.ts'
import { API, broken, CANARY, ISSUER, no, startServer } from './support/oauth-server.ts'

const redirectUri = 'https://shop.test/callback'
const authorizationEndpoint = `${ISSUER}/authorize?tenant=main`
const deviceAuthorizationEndpoint = `${ISSUER}/device`

/** An OAuth server without OpenID: its endpoints are told. */
function startPlain(more: Partial<OAuthOptions> = {}) {
  const server = startServer()
  const tokenEndpoint = `${ISSUER}/token`
  const told = { issuer: undefined, tokenEndpoint, authorizationEndpoint }
  const manager = server.open({ ...told, deviceAuthorizationEndpoint, scope: 'read', ...more })
  return { ...server, manager }
}

const tokens = (more: object = {}) => Response.json({ access_token: `${CANARY}-new`, ...more })

describe('startSignIn()', () => {
  it('requests a code with PKCE and a state, and keeps the query of the endpoint', async () => {
    const { manager } = startPlain()
    const { url, pending } = await startSignIn(manager, {
      redirectUri,
      scope: 'write',
      parameters: { prompt: 'login' },
    })
    const { searchParams, origin, pathname } = new URL(url)
    expect(origin + pathname).toBe(`${ISSUER}/authorize`)
    expect(Object.fromEntries(searchParams)).toEqual({
      tenant: 'main',
      prompt: 'login',
      client_id: 'reports',
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'write',
      state: pending.state,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
    expect(url).not.toContain(pending.codeVerifier)
  })

  it('names the APIs that the tokens are for, and no other parameter of token requests', async () => {
    const parameters = { audience: 'https://a.test', client_assertion: CANARY }
    const { manager } = startPlain({ resource: ['urn:a', 'urn:b'], parameters })
    const { searchParams } = new URL((await startSignIn(manager, { redirectUri })).url)
    expect(searchParams.getAll('resource')).toEqual(['urn:a', 'urn:b'])
    expect(searchParams.get('audience')).toBe('https://a.test')
    expect(`${searchParams}`).not.toContain(CANARY)
  })

  it.each([
    ['`redirectUri`', { redirectUri: '/callback' }],
    ['`redirectUri`', {}],
    ['`parameters.state`', { redirectUri, parameters: { state: 'mine' } }],
    ['`parameters.max_age`', { redirectUri, parameters: { max_age: 5 } }],
    ['`scopes`', { redirectUri, scopes: 'read' }],
  ])('refuses a wrong %s (%#)', async (option, wrong) => {
    const { manager } = startPlain()
    const error = await failure(startSignIn(manager, wrong as { redirectUri: string }))
    expect(error.code).toBe('ERR_INVALID_OPTION')
    expect(error.message).toContain(option)
  })

  it('names the missing option if the server has no authorization endpoint', async () => {
    const { manager } = startPlain({ authorizationEndpoint: undefined })
    const error = await failure(startSignIn(manager, { redirectUri }))
    expect(error.code).toBe('ERR_OAUTH_CONFIGURATION')
    expect(error.message).toContain('`authorizationEndpoint`')
  })

  it('refuses a manager of another service', async () => {
    const grants = [{ name: 'none', request: () => Promise.resolve(undefined) }]
    const other = createTokenManager({ origin: API, scheme: bearer(), grants })
    expect((await failure(startSignIn(other, { redirectUri }))).message).toContain('oauth()')
  })
})

describe('finishSignIn()', () => {
  async function begin() {
    const plain = startPlain()
    const { pending } = await startSignIn(plain.manager, { redirectUri })
    const end = `/callback?state=${pending.state}&code=${CANARY}-code`
    return { ...plain, pending, end }
  }

  it('exchanges the code with the verifier, and begins the session', async () => {
    const { manager, pending, end, asked, failNext } = await begin()
    failNext('/token', () => tokens({ refresh_token: 'r' }))
    const answer = await finishSignIn(manager, end, { pending })
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({
      grant_type: 'authorization_code',
      client_id: 'reports',
      code: `${CANARY}-code`,
      code_verifier: pending.codeVerifier,
      redirect_uri: redirectUri,
    })
    expect(await manager.getTokens()).toEqual({ accessToken: `${CANARY}-new`, refreshToken: 'r' })
  })

  it('accepts the parameters of a posted form', async () => {
    const { manager, pending, failNext } = await begin()
    failNext('/token', () => tokens())
    const form = new URLSearchParams({ state: pending.state, code: 'x' })
    expect(await finishSignIn(manager, form, { pending })).toMatchObject({ status: 200 })
  })

  it('shows neither the code nor the verifier when the server repeats them', async () => {
    const { manager, pending, end, failNext } = await begin()
    const said = `${CANARY}-code ${pending.codeVerifier}`
    failNext('/token', () => no('invalid_grant', 400, { error_description: said }))
    const error = await failure(finishSignIn(manager, end, { pending }))
    expect(error.code).toBe('ERR_SIGN_IN_REFUSED')
    expect(printed(error)).not.toContain(CANARY)
    expect(printed(error)).not.toContain(pending.codeVerifier)
  })

  it('loses to a sign-out in the meantime', async () => {
    const { manager, pending, end, failNext, asked } = await begin()
    failNext('/token', async () => {
      await manager.signOut()
      return tokens()
    })
    const error = await failure(finishSignIn(manager, end, { pending }))
    expect(error.code).toBe('ERR_SESSION_CHANGED')
    expect(manager.state.status).toBe('signedOut')
    expect(asked.map(({ path }) => path)).toEqual(['/token'])
  })

  it('accepts any issuer in the answer if only endpoints are set, because its name is not known', async () => {
    const { manager, pending, end, failNext } = await begin()
    failNext('/token', () => tokens())
    const answer = finishSignIn(manager, `${end}&iss=${ISSUER}/realms/main`, { pending })
    expect(await answer).toMatchObject({ status: 200 })
  })

  it('refuses the answer of another issuer than the one that is set', async () => {
    const server = startServer()
    const manager = server.open({ authorizationEndpoint })
    const { pending } = await startSignIn(manager, { redirectUri })
    const end = `/callback?state=${pending.state}&code=c&iss=https://other.test`
    const error = await failure(finishSignIn(manager, end, { pending }))
    expect(error.code).toBe('ERR_UNEXPECTED_ANSWER')
  })

  it('refuses an answer without a code', async () => {
    const { manager, pending } = await begin()
    const error = await failure(finishSignIn(manager, `?state=${pending.state}`, { pending }))
    expect(error.code).toBe('ERR_UNEXPECTED_ANSWER')
  })
})

describe('startSignOut()', () => {
  it('forgets and revokes first, and returns no URL if the server has no page', async () => {
    const { manager, asked } = startPlain({ revocationEndpoint: `${ISSUER}/revoke` })
    await manager.setTokens({ accessToken: 'a', idToken: 'i' })
    expect(await startSignOut(manager)).toEqual({ url: undefined })
    expect(asked.map(({ path }) => path)).toEqual(['/revoke'])
    expect(manager.state.status).toBe('signedOut')
  })

  it('sends extra parameters, which cannot replace its own', async () => {
    const { manager } = startPlain({ endSessionEndpoint: `${ISSUER}/leave` })
    const { url } = await startSignOut(manager, { parameters: { state: 'x' } })
    expect(url).toBe(`${ISSUER}/leave?state=x&client_id=reports`)
    const wrong = startSignOut(manager, { parameters: { id_token_hint: 'x' } })
    expect((await failure(wrong)).code).toBe('ERR_INVALID_OPTION')
  })
})

describe('signInWithDevice()', () => {
  const code = {
    device_code: `${CANARY}-device`,
    user_code: 'WDJB-MJHT',
    verification_uri: 'https://login.test/device',
    expires_in: 60,
  }
  /** Time limits of requests and stores are counted in shorter slices, and are not what is measured here. */
  const LEAST_MS = 2_000
  type Server = ReturnType<typeof startPlain>

  /** The sign-in after these answers, and how long it has waited before each question. */
  async function signIn(
    answers: (() => Response | Promise<Response>)[],
    {
      given = {},
      more = {},
      server = startPlain(),
    }: { given?: object; more?: object; server?: Server } = {},
  ) {
    const real = globalThis.setTimeout
    const waits: number[] = []
    const timer = vi.spyOn(globalThis, 'setTimeout')
    timer.mockImplementation(((run: () => void, ms: number) => {
      if (ms < LEAST_MS) return real(run, ms)
      waits.push(ms)
      return real(run, 0)
    }) as typeof setTimeout)
    server.failNext('/device', () => Response.json({ ...code, ...more }))
    server.failNext('/token', ...answers)
    const shown: DeviceCode[] = []
    const signing = signInWithDevice(server.manager, { onCode: (one) => shown.push(one), ...given })
    const outcome = await signing
      .catch((error: unknown) => error)
      .finally(() => timer.mockRestore())
    return { server, shown, waits, outcome }
  }
  const pending = () => no('authorization_pending')

  it('shows the code, asks until the user has signed in, and begins the session', async () => {
    const { server, shown, waits, outcome } = await signIn([pending, pending, () => tokens()])
    expect(outcome).toMatchObject({ status: 200 })
    const { user_code: userCode, verification_uri: verificationUri } = code
    const expiresAt = server.clock.now() + 60_000
    expect(shown).toEqual([{ userCode, verificationUri, expiresAt }])
    expect(waits).toEqual([5_000, 5_000, 5_000])
    expect(server.manager.state.status).toBe('signedIn')
    expect(server.asked[0]?.form.get('scope')).toBe('read')
  })

  it('asks more slowly after slow_down, and while the server cannot be reached', async () => {
    const { waits, outcome } = await signIn(
      [
        () => no('slow_down'),
        pending,
        broken,
        () => new Response('', { status: 503 }),
        () => tokens(),
      ],
      { more: { interval: 2 } },
    )
    expect(outcome).toMatchObject({ status: 200 })
    expect(waits).toEqual([2_000, 7_000, 7_000, 14_000, 28_000])
  })

  it.each([
    ['the server says that the code has expired', () => no('expired_token'), 'ERR_SIGN_IN_EXPIRED'],
    ['the user says no', () => no('access_denied'), 'ERR_SIGN_IN_REFUSED'],
  ])('ends when %s', async (_, answer, expected) => {
    const { outcome } = await signIn([pending, answer])
    expect(outcome).toMatchObject({ code: expected })
    expect(printed(outcome)).not.toContain(CANARY)
  })

  it('ends when the code has expired', async () => {
    const server = startPlain()
    const late = () => {
      server.clock.pass(60_000)
      return no('authorization_pending')
    }
    const { outcome } = await signIn([late], { server })
    expect(outcome).toMatchObject({ code: 'ERR_SIGN_IN_EXPIRED' })
    expect(server.grants()).toHaveLength(1)
  })

  it("ends with its signal's reason, and stops asking", async () => {
    const controller = new AbortController()
    const abort = () => {
      controller.abort(new Error('changed my mind'))
      return no('authorization_pending')
    }
    const { server, outcome } = await signIn([abort], { given: { signal: controller.signal } })
    expect(outcome).toMatchObject({ message: 'changed my mind' })
    expect(server.grants()).toHaveLength(1)
  })

  it.each([
    ['numbers in text', { expires_in: '60', interval: '2' }, 2_000],
    ['an interval of zero', { interval: 0 }, 5_000],
    [
      "Google's name of the address",
      { verification_uri: undefined, verification_url: code.verification_uri },
      5_000,
    ],
  ])('takes a code with %s', async (_, more, waitMs) => {
    const { shown, waits, outcome } = await signIn([() => tokens()], { more })
    expect(outcome).toMatchObject({ status: 200 })
    expect(shown[0]).toMatchObject({ verificationUri: code.verification_uri })
    expect(waits).toEqual([waitMs])
  })

  it('can be aborted while the code is shown', async () => {
    const controller = new AbortController()
    const onCode = () => {
      controller.abort(new Error('no'))
      return new Promise(() => undefined)
    }
    const { outcome } = await signIn([], { given: { signal: controller.signal, onCode } })
    expect(outcome).toMatchObject({ message: 'no' })
  })

  it('does not wait longer than the code lasts', async () => {
    const server = startPlain()
    const after = (ms: number) => () => {
      server.clock.pass(ms)
      return pending()
    }
    const answers = [after(50_000), after(10_000)]
    const { waits, outcome } = await signIn(answers, { server, more: { interval: 50 } })
    expect(outcome).toMatchObject({ code: 'ERR_SIGN_IN_EXPIRED' })
    expect(waits).toEqual([50_000, 10_000])
  })

  it('takes a code that comes with 201', async () => {
    const server = startPlain()
    server.failNext('/device', () => Response.json({ ...code, interval: 1 }, { status: 201 }))
    const answer = { access_token: `${CANARY}-a`, token_type: 'Bearer' }
    const { outcome } = await signIn([() => Response.json(answer)], { server })
    expect(outcome).toMatchObject({ status: 200 })
  })

  it.each([
    [
      'a client that may not have the flow',
      () => no('unauthorized_client'),
      'ERR_OAUTH_CONFIGURATION',
    ],
    ['an answer without a code', () => Response.json({}), 'ERR_UNEXPECTED_ANSWER'],
    ['a server in trouble', () => new Response('', { status: 500 }), 'ERR_SERVER_UNAVAILABLE'],
  ])('says at once what is wrong: %s', async (_, answer, expected) => {
    const server = startPlain()
    server.failNext('/device', answer)
    const { outcome } = await signIn([], { server })
    expect(outcome).toMatchObject({ code: expected })
  })
})
