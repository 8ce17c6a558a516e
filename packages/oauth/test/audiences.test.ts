import { authorizedFetch } from '@latchkey/core/adapter'
import { expect, it } from 'vitest'
import { failure } from '../../nocodb/test/support/server.ts'
import { finishSignIn, type OAuthOptions, startSignIn } from '../src/index.ts'
import { API, CANARY, CLIENT, ISSUER, no, startServer } from './support/oauth-server.ts'

const MAIL = 'https://mail.test'

function open(more: Partial<OAuthOptions> = {}) {
  const server = startServer()
  const manager = server.open({
    origin: [API, MAIL],
    audiences: { [API]: { resource: 'urn:api' }, [MAIL]: { scope: 'mail', resource: 'urn:mail' } },
    ...more,
  })
  const tokenFor = async (url: string) => {
    const { headers } = await manager.authorize({ url, method: 'GET' })
    return headers['authorization']
  }
  return { ...server, manager, tokenFor }
}

/** What each token request was for. */
const asked = (server: ReturnType<typeof open>) =>
  server.asked.map(({ form }) => ['refresh_token', 'resource', 'scope'].map((key) => form.get(key)))

it('client credentials obtain a token for each API, and each token goes to its own API', async () => {
  const made = open({ ...CLIENT, clientCredentials: true, scope: 'all' })
  expect(await made.tokenFor(`${API}/items`)).toBe(`Bearer ${CANARY}-a1`)
  expect(await made.tokenFor(`${MAIL}/items`)).toBe(`Bearer ${CANARY}-a2`)
  expect(asked(made)).toEqual([
    [null, 'urn:api', 'all'],
    [null, 'urn:mail', 'mail'],
  ])
})

it('each refresh uses the refresh token from the refresh before it', async () => {
  const made = open()
  made.live.refresh.add(`${CANARY}-r0`)
  await made.manager.setTokens({ accessToken: 'gone', refreshToken: `${CANARY}-r0` })
  expect(await made.manager.refresh()).toMatchObject({ refreshToken: `${CANARY}-r2` })
  expect(asked(made)).toEqual([
    [`${CANARY}-r0`, 'urn:api', null],
    [`${CANARY}-r1`, 'urn:mail', 'mail'],
  ])
})

it('if one API has no token, the others still work, and no refresh token is lost', async () => {
  const made = open()
  made.live.refresh.add(`${CANARY}-r0`)
  await made.manager.setTokens({ accessToken: 'gone', refreshToken: `${CANARY}-r0` })
  const first = () =>
    Response.json({ access_token: 'first', refresh_token: 'r1', expires_in: 3_600 })
  made.failNext('/token', first, () => no('invalid_target'))
  await made.manager.refresh()
  expect(await made.tokenFor(`${API}/items`)).toBe('Bearer first')
  const error = await failure(authorizedFetch(made.manager, made.fetch)(`${MAIL}/items`))
  expect(error.code).toBe('ERR_AUDIENCE_UNAVAILABLE')
  expect(error.message).toContain(`lacks a token for ${MAIL} (ERR_OAUTH_CONFIGURATION)`)
  made.live.refresh.add('r1')
  made.clock.pass(60_000)
  expect(await made.tokenFor(`${MAIL}/items`)).toBe(`Bearer ${CANARY}-a2`)
  expect(made.asked.at(-2)?.form.get('refresh_token')).toBe('r1')
})

it('a sign-in without a refresh token is an error, and its code is not presented twice', async () => {
  const endpoints = { issuer: undefined, tokenEndpoint: `${ISSUER}/token` }
  const made = open({ ...endpoints, authorizationEndpoint: `${ISSUER}/authorize` })
  const { pending } = await startSignIn(made.manager, { redirectUri: `${API}/callback` })
  made.failNext('/token', () => Response.json({ access_token: 'a' }))
  const end = `?state=${pending.state}&code=c`
  const error = await failure(finishSignIn(made.manager, end, { pending }))
  expect(error.code).toBe('ERR_OAUTH_CONFIGURATION')
  expect(error.message).toContain('offline_access')
  expect(made.asked).toHaveLength(1)
})

it('a session that began without the token of an API says so', async () => {
  const made = open()
  await made.manager.setTokens({ accessToken: 'a', audienceTokens: '{"not": 5' })
  const error = await failure(made.tokenFor(`${MAIL}/items`))
  expect(error.code).toBe('ERR_AUDIENCE_UNAVAILABLE')
  expect(error.message).toContain('`refresh()`')
})

it('a sign-out revokes the tokens of all APIs', async () => {
  const made = open({ ...CLIENT, clientCredentials: true })
  await made.manager.getTokens()
  await made.manager.signOut()
  const revoked = made.asked.filter(({ path }) => path === '/revoke')
  expect(revoked.map(({ form }) => form.get('token'))).toEqual([`${CANARY}-a1`, `${CANARY}-a2`])
})
