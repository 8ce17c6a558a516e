import { memoryStore } from '@latchkey/core'
import { type OAuth, oauth } from '@latchkey/oauth'
import { signInWithBrowser } from '@latchkey/oauth/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { browse } from '../src/oauth/browser.ts'
import { type OAuthServer, person, startOAuthServer } from '../src/oauth/server.ts'
import { serve } from './support/forward.ts'
import { statusesOf, subjects } from './support/subjects.ts'

type Api = Awaited<ReturnType<typeof serve>>

let server: OAuthServer
let calendar: Api
let mail: Api

/** An API that takes tokens which are for it alone. */
const startApi = (resource: string): Promise<Api> =>
  serve((request, response) => {
    const token = request.headers.authorization?.split(' ')[1] ?? ''
    void server.audienceOf(token).then((audience) => {
      response.writeHead(audience === resource ? 200 : 401).end('{}')
    })
  })

beforeAll(async () => {
  server = await startOAuthServer({ wantsNonces: true })
  calendar = await startApi('urn:calendar')
  mail = await startApi('urn:mail')
})
afterAll(() => Promise.all([server.close(), calendar.close(), mail.close()]))
beforeEach(() => {
  Object.assign(server.noticed, { consumed: 0, revoked: 0, refused: [] })
})

const open = (more: Partial<Parameters<typeof oauth>[0]> = {}): OAuth =>
  oauth({
    origin: [calendar.url, mail.url],
    issuer: server.url,
    ...person,
    scope: 'openid',
    audiences: {
      [calendar.url]: { resource: 'urn:calendar' },
      [mail.url]: { resource: 'urn:mail' },
    },
    ...more,
  })
const signIn = (manager: OAuth) => signInWithBrowser(manager, { open: (url) => browse(url) })

describe.each(subjects)('one session for two APIs, $name', ({ subject }) => {
  test('has a token for each, and 60 requests across an expiry present no refresh token twice', async () => {
    const store = memoryStore()
    const manager = open({ store })
    await signIn(manager)
    const managers = [manager, open({ store })] // as two processes have it
    const senders = managers.flatMap((one) =>
      [calendar, mail].map(({ url }) => subject.connect({ manager: one, baseUrl: url })),
    )
    const all = () => statusesOf(60, (at) => senders[at % senders.length]!('/items'))
    expect(await all()).toEqual([200])
    for (const round of [1, 2]) {
      server.expireAccessTokens()
      expect(await all()).toEqual([200])
      // One for the second API at the sign-in, and then one for each of the two.
      expect(server.noticed).toEqual({ consumed: 1 + round * 2, revoked: 0, refused: [] })
    }
  })
})

test('bound tokens of several APIs have one key', async () => {
  const manager = open({ dpop: true })
  await signIn(manager)
  const { accessToken, audienceTokens = '', dpopKey } = await manager.getTokens()
  const [second = ''] = Object.values(JSON.parse(audienceTokens) as Record<string, string>)
  expect(dpopKey).toBeDefined()
  expect(await server.keyOf(second)).toBe(await server.keyOf(accessToken))
})

test('a sign-out ends the tokens of all APIs', async () => {
  const manager = open()
  await signIn(manager)
  const { accessToken, audienceTokens = '' } = await manager.getTokens()
  await manager.signOut()
  for (const token of [accessToken, ...Object.values(JSON.parse(audienceTokens) as object)])
    expect(await server.audienceOf(String(token))).toBeUndefined()
})
