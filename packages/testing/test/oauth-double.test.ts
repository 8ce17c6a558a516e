import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ada, api, app, openOAuth } from './oauth-client.ts'

describe('the API', () => {
  test('answers what it was asked, and by whom', async () => {
    const { signIn, read } = openOAuth()
    const { access_token } = await signIn('read write')
    expect(await (await read(access_token)).json()).toEqual({
      method: 'GET',
      path: '/notes',
      sub: 'ada',
      clientId: 'app',
      scope: ['read', 'write'],
    })
  })

  test('may be the test’s own', async () => {
    const { signIn, read } = openOAuth({ api: (_, { sub }) => new Response(`hello ${sub}`) })
    const { access_token } = await signIn()
    expect(await (await read(access_token)).text()).toBe('hello ada')
  })

  test('says in its challenge where its metadata is, and the metadata names the issuer', async () => {
    const { double } = openOAuth()
    const { headers } = await double.fetch(api)
    const url = /resource_metadata="([^"]+)"/.exec(headers.get('www-authenticate') ?? '')?.[1]
    const metadata: unknown = await (await double.fetch(url ?? '')).json()
    expect(metadata).toMatchObject({ resource: api, authorization_servers: ['https://api.test'] })
  })

  test('demands a scope under a path', async () => {
    const { control, signIn, read } = openOAuth()
    control.demand('/notes', { scope: 'write' })
    const { access_token } = await signIn('read')
    const refused = await read(access_token, `${api}/1`)
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toContain('scope="write"')
    expect((await read(access_token, 'https://api.test/notesbook')).status).toBe(200)
    control.demand('/notes', undefined)
    expect((await read(access_token, `${api}/1`)).status).toBe(200)
  })

  test('demands a stronger sign-in (RFC 9470), and the longest path counts', async () => {
    const { control, read } = openOAuth()
    control.demand('/', { acrValues: 'pwd mfa' })
    control.demand('/notes', { acrValues: 'mfa hwk' })
    const weak = await control.startSession({ ...app, username: 'ada', acr: 'pwd' })
    const refused = await read(weak.accessToken)
    expect(refused.status).toBe(401)
    const challenge = refused.headers.get('www-authenticate')
    expect(challenge).toContain('error="insufficient_user_authentication"')
    expect(challenge).toContain('acr_values="mfa hwk"')
    expect((await read(weak.accessToken, 'https://api.test/other')).status).toBe(200)
    const strong = await control.startSession({ ...app, username: 'ada', acr: 'mfa' })
    expect((await read(strong.accessToken)).status).toBe(200)
  })

  test('demands a recent sign-in, which a renewal is not', async () => {
    const { control, signIn, refresh, read } = openOAuth()
    control.demand('/notes', { maxAgeMs: 60_000 })
    const { access_token, refresh_token } = await signIn()
    expect((await read(access_token)).status).toBe(200)
    control.passTime(61_000)
    const { json } = await refresh(refresh_token)
    const refused = await read(json.access_token)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain('max_age="60"')
  })
})

describe('refresh tokens', () => {
  test('that are kept serve until they expire', async () => {
    const { signIn, refresh, control } = openOAuth({
      refreshTokens: 'keep',
      refreshTokenLifetimeMs: 1000,
    })
    const { refresh_token } = await signIn()
    for (const _ of [1, 2]) {
      expect((await refresh(refresh_token)).json.refresh_token).toBe(refresh_token)
    }
    control.passTime(1000)
    expect((await refresh(refresh_token)).json.error).toBe('invalid_grant')
  })

  test('are accepted again within the grace, and end the session after it', async () => {
    const { control, signIn, refresh, read } = openOAuth({ reuseGraceMs: 2000 })
    const { refresh_token, access_token } = await signIn()
    expect((await refresh(refresh_token)).status).toBe(200)
    control.passTime(1999)
    expect((await refresh(refresh_token)).status).toBe(200)
    control.passTime(1)
    expect((await refresh(refresh_token)).status).toBe(400)
    expect((await read(access_token)).status).toBe(401)
    expect(control.counts()).toMatchObject({ renewals: 2, rejectedRenewals: 1, reuses: 1 })
  })
})

describe('a device', () => {
  test('that polls too early is told to slow down, by 5 s each time', async () => {
    const { double, control, token } = openOAuth()
    const { clientId: client_id, clientSecret: client_secret } = app
    const response = await double.fetch('https://api.test/device_authorization', {
      method: 'POST',
      body: new URLSearchParams({ client_id, client_secret }),
    })
    const { device_code, interval, user_code } = (await response.json()) as Record<string, string>
    expect(interval).toBe(5)
    const poll = async () => {
      const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
      return (await token({ grant_type, device_code: device_code ?? '' })).json.error
    }
    expect(await poll()).toBe('authorization_pending')
    expect(await poll()).toBe('slow_down')
    control.passTime(9_999)
    expect(await poll()).toBe('slow_down')
    control.approveDevice(user_code ?? '')
    control.passTime(15_000)
    expect(await poll()).toBeUndefined()
    expect(() => control.approveDevice(user_code ?? '')).toThrow('no device waits')
    expect(control.counts()).toMatchObject({ signIns: 1, rejectedSignIns: 0, tokenRequests: 4 })
  })

  test('is answered at the page as well', async () => {
    const { double, token } = openOAuth({ devicePollIntervalMs: 1 })
    const { clientId: client_id, clientSecret: client_secret } = app
    const post = (path: string, fields: Record<string, string>) =>
      double.fetch(`https://api.test${path}`, { method: 'POST', body: new URLSearchParams(fields) })
    const started = await post('/device_authorization', { client_id, client_secret })
    const { device_code = '', user_code = '' } = (await started.json()) as Record<string, string>
    const page = await double.fetch(`https://api.test/device?user_code=${user_code}`)
    expect(await page.text()).toContain(`value="${user_code}"`)
    await post('/device', { user_code, answer: 'deny' })
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
    expect((await token({ grant_type, device_code })).json.error).toBe('access_denied')
  })
})

describe('behind its clients’ backs', () => {
  test('a test ends access tokens, refresh tokens or sessions, of one user or of all', async () => {
    const { control, signIn, refresh, read } = openOAuth()
    const first = await signIn()
    control.revokeAccessTokens('ada')
    expect((await read(first.access_token)).status).toBe(401)
    expect((await refresh(first.refresh_token)).status).toBe(200)
    const second = await signIn()
    control.revokeRefreshTokens('another user')
    control.revokeRefreshTokens('app')
    expect((await read(second.access_token)).status).toBe(200)
    expect((await refresh(second.refresh_token)).status).toBe(400)
    const third = await signIn()
    control.revokeSessions()
    expect((await read(third.access_token)).status).toBe(401)
    expect((await refresh(third.refresh_token)).status).toBe(400)
  })

  test('a test starts a session without a sign-in', async () => {
    const { control, refresh, read } = openOAuth({ now: () => 1000 })
    const tokens = await control.startSession({ ...app, username: 'ada', scope: 'read' })
    expect(tokens).toMatchObject({ expiresAt: 3_601_000 })
    expect((await read(tokens.accessToken)).status).toBe(200)
    expect((await refresh(tokens.refreshToken)).status).toBe(200)
    const unknown = { clientId: 'unknown', username: 'ada' }
    await expect(control.startSession(unknown)).rejects.toThrow('no client unknown')
  })

  test('lives follow the injected clock and what a test lets pass', async () => {
    let now = 0
    const { control, signIn, read } = openOAuth({ accessTokenLifetimeMs: 2000, now: () => now })
    const { access_token } = await signIn()
    now = 1000
    control.passTime(999)
    expect((await read(access_token)).status).toBe(200)
    now = 1001
    expect((await read(access_token)).status).toBe(401)
    control.setAccessTokenLifetimeMs(5000)
    const next = await signIn()
    control.passTime(4999)
    expect((await read(next.access_token)).status).toBe(200)
  })

  test('faults are ordered by grant: a renewal fails, a sign-in does not', async () => {
    const { control, signIn, refresh } = openOAuth()
    control.failNext('renewal', 1, { status: 503 })
    control.failNext('renewal', 1, 'lost answer')
    const { refresh_token } = await signIn()
    await expect(refresh(refresh_token)).rejects.toThrow('JSON') // the 503 has no body
    await expect(refresh(refresh_token)).rejects.toThrow('fetch failed')
    expect((await refresh(refresh_token)).json.error).toBe('invalid_grant') // spent
    expect(control.counts()).toMatchObject({ faults: 2, renewals: 0, reuses: 1, signIns: 1 })
  })

  test('requests are held inside the server', async () => {
    const { control, signIn, refresh } = openOAuth()
    const { refresh_token } = await signIn()
    const hold = control.hold('renewal')
    const renewal = refresh(refresh_token)
    await hold.whenWaiting()
    control.revokeSessions('ada')
    hold.release()
    expect((await renewal).status).toBe(400)
  })

  test('the log says what was asked, what was answered and why, without a secret', async () => {
    const { double, control, signIn, refresh } = openOAuth()
    const { refresh_token } = await signIn()
    await refresh(refresh_token)
    await refresh(refresh_token)
    const authorization = `Bearer ${refresh_token}`
    await double.fetch(`${api}?secret=${refresh_token}`, { headers: { authorization } })
    expect(control.log()).toMatchObject([
      { kind: 'signIn', path: '/token', status: 200, error: undefined, fault: false },
      { kind: 'renewal', status: 200 },
      {
        kind: 'renewal',
        status: 400,
        error: 'invalid_grant',
        reason: 'refresh token already used',
      },
      { kind: 'api', path: '/notes', authorization: 'bearer', status: 401, error: 'invalid_token' },
    ])
    const all = inspect([control.log(), control.counts(), double], { depth: 9, showHidden: true })
    expect(all).not.toContain(refresh_token)
    expect(all).not.toContain('CANARY')
  })
})

describe('the issuer', () => {
  test('has a path, and is found both ways', async () => {
    const { double } = openOAuth({ issuerPath: '/realms/one' })
    const addresses = [
      'https://auth.test/.well-known/oauth-authorization-server/realms/one',
      'https://auth.test/realms/one/.well-known/openid-configuration',
    ]
    for (const address of addresses) {
      const metadata = await (await double.fetch(address)).json()
      expect(metadata).toMatchObject({
        issuer: 'https://auth.test/realms/one',
        token_endpoint: 'https://auth.test/realms/one/token',
      })
    }
    expect((await double.fetch('https://auth.test/token', { method: 'POST' })).status).toBe(401)
  })

  test('lets pages of every origin read its answers', async () => {
    const { double } = openOAuth()
    const { status, headers } = await double.fetch('https://api.test/token', {
      method: 'OPTIONS',
      headers: { origin: 'https://app.test', 'access-control-request-headers': 'dpop' },
    })
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-headers')).toBe('dpop')
  })
})

test.each([
  [{ accessTokenLifetimeMs: 1500 }, 'accessTokenLifetimeMs'],
  [{ refreshTokenLifetimeMs: 0 }, 'refreshTokenLifetimeMs'],
  [{ devicePollIntervalMs: -1000 }, 'devicePollIntervalMs'],
  [{ reuseGraceMs: Number.NaN }, 'reuseGraceMs'],
  [{ issuerPath: '/realms/' }, 'issuerPath'],
  [{ refreshTokens: 'never' as 'keep' }, 'refreshTokens'],
])('a wrong option is named: %o', (options, name) => {
  expect(() => openOAuth(options)).toThrow(name)
})

test('two users do not share a name', () => {
  expect(() => openOAuth().control.addUser(ada)).toThrow('ada exists already')
})
