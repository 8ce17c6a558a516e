import { createNocoDBDouble, serverVersions } from '@latchkey/testing'
import { expect, test } from 'vitest'
import { ada, bases, clientOf, cookieIn, tokenIn, withAda } from './nocodb-client.ts'

const required = 'Authentication required'
const signOut = '/api/v1/auth/user/signout'

test.each([
  ['0.262.5', { msg: 'Invalid token' }],
  ['0.265.1', { error: 'AUTHENTICATION_REQUIRED', message: `${required} - Invalid token` }],
  ['0.301.3', { error: 'ERR_AUTHENTICATION_REQUIRED', message: `${required} - Invalid token` }],
  ['2026', { error: 'ERR_AUTHENTICATION_REQUIRED', message: `${required} - Invalid token` }],
] as const)('%s answers a request without a token with its own 401', async (version, body) => {
  const { get } = withAda(createNocoDBDouble({ version }))
  await expect(get(bases)).resolves.toMatchObject({ status: 401, body })
})

test.each([
  ['0.262.5', 'Invalid refresh token'],
  ['0.265.1', 'Invalid refresh token'],
  ['0.301.3', `${required} - Invalid refresh token`],
  ['2026', `${required} - Invalid refresh token`],
] as const)('%s rejects a used refresh token with 400 in its own words', async (version, msg) => {
  const { signIn, refresh } = withAda(createNocoDBDouble({ version }))
  const { cookie } = await signIn()
  await expect(refresh(cookie)).resolves.toMatchObject({ status: 200 })
  await expect(refresh(cookie)).resolves.toMatchObject({ status: 400, body: { msg } })
})

test.each([
  ['0.262.5', 400, { msg: 'Token Expired. Please login again.' }],
  ['0.265.1', 400, { msg: 'Token Expired. Please login again.' }],
  [
    '0.301.3',
    401,
    {
      error: 'ERR_AUTHENTICATION_REQUIRED',
      message: `${required} - Token Expired. Please login again.`,
    },
  ],
] as const)('%s says on the API token routes that a token is revoked', async (...row) => {
  const [version, status, body] = row
  const { control, signIn, get } = withAda(createNocoDBDouble({ version }))
  const { accessToken } = await signIn()
  control.revokeAccessTokens(ada.email)
  const answer = await get('/api/v1/tokens', { 'xc-auth': accessToken })
  expect(answer).toMatchObject({ status, body })
})

test.each([
  ['0.262.5', 400],
  ['0.265.1', 400],
  ['0.301.3', 500],
] as const)('%s answers the deletion of an unknown API token with %i', async (version, status) => {
  const { signIn, call } = withAda(createNocoDBDouble({ version }))
  const headers = { 'xc-auth': (await signIn()).accessToken }
  expect((await call('DELETE', '/api/v1/tokens/7', { headers })).status).toBe(status)
})

test.each([
  ['0.262.5', { msg: 'Not allowed' }],
  ['0.265.1', { error: 'FORBIDDEN', message: 'Forbidden - Not allowed' }],
  ['0.301.3', { error: 'ERR_FORBIDDEN', message: 'Forbidden - Not allowed' }],
] as const)(
  '%s refuses a sign-out without a credential in its own words',
  async (version, body) => {
    const { post } = withAda(createNocoDBDouble({ version }))
    await expect(post(signOut, {})).resolves.toMatchObject({ status: 403, body })
  },
)

test.each([
  ['0.262.5', 'API_TOKEN_NOT_ALLOWED'],
  ['0.265.1', 'API_TOKEN_NOT_ALLOWED'],
  ['0.301.3', 'ERR_API_TOKEN_NOT_ALLOWED'],
] as const)('%s bans API tokens from the list of users with a 401', async (version, error) => {
  const { control, get } = withAda(createNocoDBDouble({ version }))
  const { token } = control.createApiToken(ada.email)
  const answer = await get('/api/v1/users', { 'xc-token': token })
  expect(answer).toMatchObject({ status: 401, body: { error } })
})

test('0.262.5 does not take an API token as bearer', async () => {
  const statuses = await Promise.all(
    serverVersions.map(async (version) => {
      const { control, get } = withAda(createNocoDBDouble({ version }))
      const { token } = control.createApiToken(ada.email)
      return (await get(bases, { authorization: `Bearer ${token}` })).status
    }),
  )
  expect(statuses).toStrictEqual([401, 200, 200, 200])
})

test('a refresh token past its date works before 0.300 and says so once after', async () => {
  const outcomes = await Promise.all(
    serverVersions.map(async (version) => {
      const double = createNocoDBDouble({ version, refreshTokenLifetimeMs: 60_000 })
      const { control, signIn, refresh } = withAda(double)
      const { cookie } = await signIn()
      control.passTime(60_000)
      const [first, second] = [await refresh(cookie), await refresh(cookie)]
      return [first.status, JSON.stringify(first.body).includes('expired'), second.status]
    }),
  )
  expect(outcomes).toStrictEqual([
    [200, false, 400],
    [200, false, 400],
    [400, true, 400],
    [400, true, 400],
  ])
})

test('an unused API token survives its deletion on 0.301.3 alone', async () => {
  const statuses = await Promise.all(
    serverVersions.map(async (version) => {
      const { control, signIn, get, call } = withAda(createNocoDBDouble({ version }))
      const headers = { 'xc-auth': (await signIn()).accessToken }
      const { id, token } = control.createApiToken(ada.email)
      await call('DELETE', `/api/v1/tokens/${id}`, { headers })
      return (await get(bases, { 'xc-token': token })).status
    }),
  )
  expect(statuses).toStrictEqual([401, 401, 200, 401])
})

test('a sign-in ends the other sessions of the user on 2026 alone', async () => {
  const statuses = await Promise.all(
    serverVersions.map(async (version) => {
      const { signIn, refresh, get } = withAda(createNocoDBDouble({ version }))
      const { accessToken, cookie } = await signIn()
      await signIn()
      const { status } = await get(bases, { 'xc-auth': accessToken })
      return [status, (await refresh(cookie)).status]
    }),
  )
  expect(statuses).toStrictEqual([
    [200, 200],
    [200, 200],
    [200, 200],
    [401, 400],
  ])
})

test('2026 sends the access token in a second cookie, which beats xc-token', async () => {
  const { control, signIn, get, refresh } = withAda(createNocoDBDouble({ version: '2026' }))
  const bob = { email: 'bob@example.com', password: 'CANARY-7f3a-2' }
  control.addUser(bob)
  const { answer, accessToken, cookie } = await signIn()
  const line = `nc_token=${accessToken}; Max-Age=36000; Path=/api; HttpOnly; SameSite=Lax`
  expect(answer.cookies).toStrictEqual([expect.stringContaining('; HttpOnly; SameSite=Lax'), line])
  const { token } = control.createApiToken(bob.email)
  const headers = { 'xc-token': token, cookie: `nc_token=${accessToken}` }
  const me = await get('/api/v1/auth/user/me', headers)
  expect(me.body).toMatchObject({ email: ada.email })
  expect(cookieIn(await refresh(cookie))).not.toBe(cookie)
})

test('every version lets its first user sign up, sign in, refresh and sign out', async () => {
  for (const version of serverVersions) {
    const { post, refresh, get, signIn } = clientOf(createNocoDBDouble({ version }).fetch)
    const signedUp = await post('/api/v1/auth/user/signup', ada)
    expect(signedUp.body).toHaveProperty('createdProject.id')
    const renewed = await refresh((await signIn()).cookie)
    const headers = { 'xc-auth': tokenIn(renewed.body) }
    expect((await get(bases, headers)).status).toBe(200)
    expect((await post(signOut, {}, headers)).status).toBe(200)
    expect((await get(bases, headers)).status).toBe(401)
  }
})
