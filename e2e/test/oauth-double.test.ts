import { wrapFetch } from '@latchkey/fetch'
import { finishSignIn, type OAuth, oauth, signInWithDevice, startSignIn } from '@latchkey/oauth'
import { signInWithBrowser } from '@latchkey/oauth/node'
import { createOAuthDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { browse } from '../src/oauth/browser.ts'
import { statusesOf, subjects } from './support/subjects.ts'

const double = createOAuthDouble({ devicePollIntervalMs: 1 })
const { control } = double
const callback = 'http://127.0.0.1/callback'
let server: Awaited<ReturnType<typeof listen>>

beforeAll(async () => {
  server = await listen(double)
  control.addClient({ clientId: 'person', redirectUris: [callback] })
  control.addUser({ username: 'ada', password: 'CANARY-7f3a-ada' })
})
afterAll(() => server.close())
beforeEach(() => control.resetCounts())

const open = () =>
  oauth({ origin: server.url, issuer: server.url, clientId: 'person', scope: 'openid read' })

const byCode = async (manager: OAuth) => {
  const { url, pending } = await startSignIn(manager, { redirectUri: callback })
  await finishSignIn(manager, await browse(url, callback), { pending })
}
const ways = [
  ['a code', byCode],
  [
    'the browser of this machine',
    (manager: OAuth) => signInWithBrowser(manager, { open: (url) => browse(url) }),
  ],
  [
    'another device',
    (manager: OAuth) =>
      signInWithDevice(manager, {
        onCode: ({ verificationUriComplete = '' }) => browse(verificationUriComplete),
      }),
  ],
] as const

describe.each(ways)('at the OAuth double a person signs in with %s', (_, signIn) => {
  test.each(subjects)(
    'and continues across an expiry: 30 requests, one renewal, $name',
    async (one) => {
      const manager = open()
      await signIn(manager)
      const send = one.subject.connect({ manager, baseUrl: server.url })
      control.revokeAccessTokens()
      expect(await statusesOf(30, () => send('/notes'))).toEqual([200])
      expect(control.counts()).toMatchObject({ signIns: 1, renewals: 1, reuses: 0 })
    },
  )
})

test.each(subjects)('explain() reports the demand for a stronger sign-in: $name', async (one) => {
  const manager = open()
  await byCode(manager)
  control.demand('/transfers', { acrValues: 'mfa' })
  const { result } = await one.subject.connect({ manager, baseUrl: server.url })('/transfers')
  expect(manager.explain(result)?.code).toBe('ERR_STEP_UP_REQUIRED')
  expect(control.counts().renewals).toBe(0)
})

test('a bound session continues after passTime(), because the answer has the nonce that it asks for', async () => {
  const bound = createOAuthDouble()
  bound.control.addClient({ clientId: 'machine', clientSecret: 'CANARY-7f3a' })
  const place = { origin: 'https://api.test', issuer: 'https://api.test', fetch: bound.fetch }
  const client = { clientId: 'machine', clientSecret: 'CANARY-7f3a', clientCredentials: true }
  const manager = oauth({ ...place, ...client, dpop: true })
  await manager.getTokens()
  bound.control.passTime(7_200_000)
  const response = await wrapFetch(manager, { fetch: bound.fetch })('https://api.test/notes')
  expect(response.status).toBe(200)
})
