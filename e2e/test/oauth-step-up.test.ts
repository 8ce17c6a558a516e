import { type Challenge, oauth, type OnChallenge } from '@latchkey/oauth'
import { signInWithBrowser } from '@latchkey/oauth/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { browse } from '../src/oauth/browser.ts'
import { type OAuthServer, person, startOAuthServer } from '../src/oauth/server.ts'
import { statusesOf, subjects } from './support/subjects.ts'

let server: OAuthServer

beforeAll(async () => {
  server = await startOAuthServer()
})
afterAll(() => server.close())
beforeEach(() => {
  Object.assign(server.noticed, { consumed: 0, revoked: 0, refused: [] })
})

/** A person who has signed in by password alone, for `openid` alone. */
async function signedIn(onChallenge?: OnChallenge) {
  const options = { origin: server.url, issuer: server.url, ...person, scope: 'openid' }
  const manager = oauth({ ...options, onChallenge })
  await signInWithBrowser(manager, { open: (url) => browse(url) })
  return manager
}

const cases = [
  ['a stronger sign-in', '/strong', 401, 'ERR_STEP_UP_REQUIRED', { acr_values: 'strong' }],
  ['another scope', '/profile', 403, 'ERR_INSUFFICIENT_SCOPE', { scope: 'profile' }],
] as const

describe.each(cases)('a request that needs %s', (_, path, status, code, wanted) => {
  test.each(subjects)('is sent again after the sign-in of one user, $name', async ({ subject }) => {
    const asked: Challenge[] = []
    const manager = await signedIn((challenge, session) => {
      asked.push(challenge)
      return signInWithBrowser(session, { challenge, open: (url) => browse(url) })
    })
    const send = subject.connect({ manager, baseUrl: server.url })
    expect(await statusesOf(30, () => send(path))).toEqual([200])
    expect(asked).toEqual([expect.objectContaining(wanted)])
    server.expireAccessTokens()
    expect(await statusesOf(30, () => send('/me'))).toEqual([200])
    expect(server.noticed).toEqual({ consumed: 1, revoked: 0, refused: [] })
  })

  test.each(subjects)(
    'fails without a sign-in, and names the requirement, $name',
    async (client) => {
      const manager = await signedIn()
      const send = client.subject.connect({ manager, baseUrl: server.url })
      const outcome = await send(path)
      expect(outcome.status).toBe(status)
      const reason = manager.explain(outcome.result)
      expect(reason?.code).toBe(code)
      expect(server.noticed).toEqual({ consumed: 0, revoked: 0, refused: [] })
    },
  )
})
