import { createNocoDBDouble } from '@latchkey/testing'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { ada, bases, tokenIn, withAda } from './nocodb-client.ts'

const seconds = { accessTokenLifetimeMs: 3000 }

test('an access token lives exactly its lifetime by the injected clock', async () => {
  let now = 1_700_000_000_000
  const { signIn, get } = withAda(createNocoDBDouble({ ...seconds, now: () => now }))
  const headers = { 'xc-auth': (await signIn()).accessToken }
  now += 2999
  expect((await get(bases, headers)).status).toBe(200)
  now += 1
  expect((await get(bases, headers)).status).toBe(401)
})

test('time that is passed comes on top of the clock', async () => {
  const { control, signIn, get } = withAda(createNocoDBDouble(seconds))
  const headers = { 'xc-auth': (await signIn()).accessToken }
  control.passTime(3000)
  expect((await get(bases, headers)).status).toBe(401)
})

test('a changed lifetime holds for tokens issued from then on', async () => {
  const { control, signIn, get } = withAda(createNocoDBDouble({ ...seconds, now: () => 5000 }))
  const before = { 'xc-auth': (await signIn()).accessToken }
  control.setAccessTokenLifetimeMs(60_000)
  const after = { 'xc-auth': (await signIn()).accessToken }
  control.passTime(3000)
  expect([(await get(bases, before)).status, (await get(bases, after)).status]).toEqual([401, 200])
})

test('revoked sessions are dead in both their tokens', async () => {
  const { control, signIn, get, refresh } = withAda(createNocoDBDouble())
  const { accessToken, cookie } = await signIn()
  control.revokeSessions(ada.email)
  expect((await get(bases, { 'xc-auth': accessToken })).status).toBe(401)
  expect((await refresh(cookie)).status).toBe(400)
})

test('revoked access tokens can be renewed', async () => {
  const { control, signIn, get, refresh } = withAda(createNocoDBDouble())
  const { accessToken, cookie } = await signIn()
  control.revokeAccessTokens(ada.email)
  expect((await get(bases, { 'xc-auth': accessToken })).status).toBe(401)
  const renewed = tokenIn((await refresh(cookie)).body)
  expect((await get(bases, { 'xc-auth': renewed })).status).toBe(200)
})

test('revoked refresh tokens leave the access token alive', async () => {
  const { control, signIn, get, refresh } = withAda(createNocoDBDouble())
  const { accessToken, cookie } = await signIn()
  control.revokeRefreshTokens(ada.email)
  expect((await get(bases, { 'xc-auth': accessToken })).status).toBe(200)
  expect((await refresh(cookie)).status).toBe(400)
})

test('a revoked API token is dead at once, though it was used', async () => {
  const { control, get } = withAda(createNocoDBDouble())
  const { id, token } = control.createApiToken(ada.email, 'for a test')
  expect((await get(bases, { 'xc-token': token })).status).toBe(200)
  control.revokeApiToken(id)
  expect((await get(bases, { 'xc-token': token })).status).toBe(401)
})

test('a removed user is gone with their sessions and API tokens', async () => {
  const { control, signIn, get, refresh } = withAda(createNocoDBDouble())
  const { accessToken, cookie } = await signIn()
  const { token } = control.createApiToken(ada.email)
  control.removeUser(ada.email)
  expect((await get(bases, { 'xc-auth': accessToken })).status).toBe(401)
  expect((await get(bases, { 'xc-token': token })).status).toBe(401)
  expect((await refresh(cookie)).status).toBe(400)
})

test('an added table takes records of every user that is known', async () => {
  const { control, signIn, post, get } = withAda(createNocoDBDouble())
  const bob = { email: 'bob@example.com', password: 'CANARY-7f3a-2' }
  control.addUser(bob)
  const { tableId } = control.addTable({ columns: ['City'] })
  const headers = { 'xc-auth': (await signIn(bob)).accessToken }
  const path = `/api/v2/tables/${tableId}/records`
  expect((await post(path, { City: 'Bern' }, headers)).body).toEqual({ Id: 1 })
  expect((await get(`${path}/1`, headers)).body).toMatchObject({ City: 'Bern' })
})

test('requests are counted by what became of them', async () => {
  const { control, signIn, refresh, post, get } = withAda(createNocoDBDouble())
  await signIn({ ...ada, password: 'wrong' })
  const { accessToken, cookie } = await signIn()
  await refresh(cookie)
  await refresh(cookie)
  await get(bases)
  await get(bases, { 'xc-auth': accessToken })
  await post('/api/v1/auth/user/signup', { email: 'eve@example.com', password: 'long enough' })
  await post('/api/v1/auth/user/signout', {}, { 'xc-auth': accessToken })
  expect(control.counts()).toEqual({
    requests: 8,
    signIns: 1,
    rejectedSignIns: 1,
    signUps: 1,
    renewals: 1,
    rejectedRenewals: 1,
    signOuts: 1,
    dataRequests: 2,
    unauthorized: 1,
    faults: 0,
  })
  control.resetCounts()
  expect(control.counts().requests).toBe(0)
})

test('the log names the credential headers of each request', async () => {
  const { control, signIn, get } = withAda(createNocoDBDouble({ now: () => 1000 }))
  const { accessToken, cookie } = await signIn()
  control.resetCounts()
  await get(`${bases}?secret=${accessToken}`, { 'xc-auth': accessToken, 'xc-token': 'bad', cookie })
  expect(control.log()).toEqual([
    {
      at: 1000,
      method: 'GET',
      path: bases,
      kind: 'data',
      status: 200,
      credentials: ['xc-auth', 'xc-token', 'cookie'],
      fault: false,
    },
  ])
})

test('no secret is in the log, the counts or the double itself', async () => {
  const jwtSecret = 'CANARY-7f3a-jwt'
  const { double, control, signIn, call, get } = withAda(createNocoDBDouble({ jwtSecret }))
  const { accessToken, cookie } = await signIn()
  const { token } = control.createApiToken(ada.email)
  await get(bases, { 'xc-token': token })
  await call('DELETE', `/api/v1/tokens/${token}`, { headers: { 'xc-auth': accessToken, cookie } })
  const shown = inspect([double, control.log(), control.counts()], {
    depth: Infinity,
    showHidden: true,
    maxStringLength: null,
  })
  const secrets = [ada.password, jwtSecret, accessToken, cookie.slice(14), token]
  expect(secrets.filter((secret) => shown.includes(secret))).toEqual([])
})

test('two doubles share nothing', async () => {
  const [first, second] = [withAda(createNocoDBDouble()), withAda(createNocoDBDouble())]
  const { accessToken, cookie } = await first.signIn()
  expect((await second.get(bases, { 'xc-auth': accessToken })).status).toBe(401)
  expect((await second.refresh(cookie)).status).toBe(400)
  expect(first.control.counts().requests).toBe(1)
})

test.each([
  [{ version: '9' as '2026' }, /^version must be one of '0\.262\.5'.*got 9$/],
  [{ accessTokenLifetimeMs: 1500 }, /^accessTokenLifetimeMs must be whole seconds.*got 1500$/],
  [{ accessTokenLifetimeMs: 0 }, /^accessTokenLifetimeMs must be whole seconds/],
  [{ accessTokenLifetimeMs: Number.NaN }, /got NaN$/],
  [{ refreshTokenLifetimeMs: -1 }, /^refreshTokenLifetimeMs must be a finite number > 0, got -1$/],
  [{ jwtSecret: '' }, /^jwtSecret must be a string with at least one character$/],
])('a wrong option is named: %j', (options, message) => {
  expect(() => createNocoDBDouble(options)).toThrow(message)
})

test('an unknown user is named to whoever wants to revoke them', () => {
  const { control } = createNocoDBDouble()
  expect(() => control.revokeSessions('unknown@example.com')).toThrow('no user unknown@example.com')
})
