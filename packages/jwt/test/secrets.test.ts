import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { ada, CANARY, failure, startApi } from './support/token-api.ts'

/** All that a program may print. */
const shown = (value: unknown) =>
  [inspect(value, { depth: 9, showHidden: true }), JSON.stringify(value), String(value)].join('\n')

test('a server that repeats the password does not get it into an error', async () => {
  const api = startApi()
  const repeat = () => Response.json({ message: `No: ${ada.password}` }, { status: 401 })
  api.answerNext('/auth/login', repeat)
  const error = await failure(api.open().signIn())
  expect(error.message).toContain('No: [redacted]')
  expect(shown(error)).not.toContain(CANARY)
})

test.each([
  ['a PIN that is a number', { user: 'ada', pin: 98_765 }, 'PIN 98765'],
  ['a password as a form spells it', { password: `${CANARY} +` }, `password=${CANARY}+%2B`],
  ['a password as a URL spells it', { password: `${CANARY} +` }, `password=${CANARY}%20%2B`],
])('a server that repeats %s does not get it into an error', async (_, credentials, said) => {
  const api = startApi()
  api.answerNext('/auth/login', () => Response.json({ message: said }, { status: 401 }))
  const { message } = await failure(api.openBare().signIn(credentials))
  expect(message).toMatch(/\((PIN |password=)\[redacted\]\)/)
})

test("a server that repeats the app's own key does not get it into an error", async () => {
  const api = startApi()
  const said = `No: ${CANARY}-client, ${CANARY}-key`
  api.answerNext('/auth/login', () => Response.json({ message: said }, { status: 401 }))
  const signIn = {
    path: '/auth/login',
    fields: { grant_type: 'password', client_secret: `${CANARY}-client` },
    headers: { 'x-api-key': `${CANARY}-key` },
  }
  const error = await failure(api.open({ signIn }).signIn())
  expect(error.message).toContain('No: [redacted], [redacted]')
  expect(shown(error)).not.toContain(CANARY)
})

test('a server that repeats the refresh token does not get it into an error', async () => {
  const api = startApi(({ access, refresh }) =>
    Response.json({ access_token: access, refresh_token: refresh }),
  )
  const session = api.openBare({ refresh: '/auth/refresh' })
  await session.signIn(ada)
  const repeat = () => Response.json({ message: `${CANARY}-refresh-1 was used.` }, { status: 401 })
  api.answerNext('/auth/refresh', repeat)
  const error = await failure(session.refresh())
  expect(shown(error)).toContain('[redacted] was used.')
  expect(shown(error)).not.toContain(CANARY)
})

test('an error of fetch that shows the request shows no password', async () => {
  const send: typeof fetch = (_, init) => {
    throw Object.assign(new TypeError('fetch failed'), { request: init })
  }
  const error = await failure(startApi().open({ fetch: send }).signIn())
  expect(error).toMatchObject({ code: 'ERR_SERVER_UNAVAILABLE' })
  expect(shown(error)).not.toContain(CANARY)
})

test('a session shows nothing', async () => {
  const session = startApi().open()
  await session.getTokens()
  expect(shown(session)).not.toContain(CANARY)
})
