import { describe, expect, test } from 'vitest'
import { ada, CANARY, failure, startApi } from './support/token-api.ts'

const refusal = async (respond: () => Response, credentials: Record<string, unknown> = ada) => {
  const api = startApi()
  api.answerNext('/auth/login', respond)
  return (await failure(api.openBare().signIn(credentials))) as Error & {
    code: string
    status?: number
    body?: unknown
  }
}
const json =
  (body: unknown, status = 422) =>
  () =>
    Response.json(body, { status })
const text =
  (body: string, type = 'text/plain') =>
  () =>
    new Response(body, { status: 401, headers: { 'content-type': type } })

describe("the error of a rejected sign-in shows the server's message", () => {
  test.each<[string, () => Response, string]>([
    ['text', text('Bad password'), 'Bad password'],
    ['a JSON string', json('Incorrect password', 400), 'Incorrect password'],
    ['title', json({ title: 'Unauthorized' }), 'Unauthorized'],
    [
      'Laravel',
      json({ message: 'Invalid.', errors: { email: ['is not valid'] } }),
      'Invalid.; email: is not valid',
    ],
    [
      'Django',
      json({ username: ['This field is required.'] }),
      'username: This field is required.',
    ],
    [
      'FastAPI',
      json({ detail: [{ loc: ['body', 'email'], msg: 'Field required' }] }),
      'email: Field required',
    ],
    [
      'express-validator',
      json({ errors: [{ path: 'email', msg: 'is not an address' }] }),
      'email: is not an address',
    ],
    [
      'NestJS',
      json({ message: ['email must be an email', 'password is short'] }),
      'email must be an email; password is short',
    ],
    ['ASP.NET', json({ Message: 'Not this one.' }), 'Not this one.'],
    ['Okta', json({ errorSummary: 'Not this one.' }), 'Not this one.'],
    [
      'an error in other objects',
      json({ data: { error: { msg: 'Not this one.' } } }),
      'Not this one.',
    ],
    ['errors by field as text', json({ errors: { email: 'is taken' } }), 'email: is taken'],
    ['a list of one', json(['Not this one.'], 401), 'Not this one.'],
    [
      'Parse',
      json({ code: 101, error: 'Invalid username/password.' }, 404),
      'Invalid username/password.',
    ],
  ])('%s', async (_, respond, words) => {
    const { code, message } = await refusal(respond)
    expect([code, message]).toEqual([
      'ERR_WRONG_CREDENTIALS',
      `The API refused to sign in with these credentials (${words}).`,
    ])
  })

  test('but only the status if the answer is an HTML page', async () => {
    const error = await refusal(text('<!doctype html><h1>Log in</h1>', 'text/html'))
    expect(error).toMatchObject({ code: 'ERR_SERVER_UNAVAILABLE', status: 401 })
    expect(error.message).not.toContain('<')
  })

  test('with status and body, without the secrets that were sent', async () => {
    const error = await refusal(
      json({ errors: { email: ['taken'] }, input: ada, n: [ada.password] }),
    )
    expect(error).toMatchObject({
      status: 422,
      body: { errors: { email: ['taken'] }, input: { username: 'ada' } },
    })
    expect(JSON.stringify(error)).not.toContain(CANARY)
  })

  test.each([
    ['a language', { locale: 'en' }, 'Please enter the tenant.'],
    ['a tenant', { tenant: 'default' }, 'This is refused by default.'],
    ['a kind of sign-in', { provider: 'credentials' }, 'Invalid credentials given.'],
    ['a type', { authType: 'password' }, 'Wrong password.'],
    ['a number', { tenantId: '1' }, 'Error 1014: try again in 15 minutes.'],
  ])('whole, although %s was sent as well', async (_, more, words) => {
    const { message } = await refusal(json({ message: words }), { ...ada, ...more })
    expect(message).toContain(words)
  })

  test('but no header of the endpoint, given or told for each request', async () => {
    const key = `${CANARY}-of-the-app`
    for (const headers of [{ 'x-api-key': key }, async () => ({ 'x-api-key': key })]) {
      const api = startApi()
      api.answerNext('/auth/login', json({ message: `No app ${key}.` }, 401))
      const session = api.openBare({ signIn: { path: '/auth/login', headers } })
      const error = await failure(session.signIn(ada))
      expect(error.message).toContain('No app')
      expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(CANARY)
    }
  })

  test('but not values that may be secret, whatever their names', async () => {
    const given = { pin: '1234', answer: 'my first cat' }
    const { message } = await refusal(json({ message: 'Not 1234, nor my first cat.' }), given)
    expect(message).not.toMatch(/1234|first cat/)
  })
})

test.each([
  { success: false, message: 'Wrong password' },
  { code: 401, msg: 'Wrong password', data: null },
])('a 200 that calls itself a failure is a rejection: %j', async (body) => {
  const error = await refusal(json(body, 200))
  expect(error).toMatchObject({ code: 'ERR_WRONG_CREDENTIALS', status: 200 })
  expect(error.message).toContain('Wrong password')
})

test('a 200 that asks for a code is a step, whatever it calls itself', async () => {
  const api = startApi()
  const body = { success: false, message: 'Enter the code from your app' }
  api.answerNext('/auth/login', json(body, 200))
  expect(await api.openBare().signIn(ada)).toEqual({ status: 200, body })
})

test('a rejected sign-in is not repeated for every request', async () => {
  const api = startApi()
  const session = api.open({ credentials: { username: 'ada', password: 'wrong' } })
  for (let turn = 0; turn < 3; turn += 1) await failure(api.read(session))
  expect(api.counts()).toEqual({ '/auth/login': 1 })
})

test('a request that the API did not understand is not repeated within the same renewal', async () => {
  const api = startApi()
  api.answerNext('/auth/login', () =>
    Response.json({ message: 'Cannot POST /auth/login' }, { status: 404 }),
  )
  const error = await failure(api.read(api.open()))
  expect(error).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
  expect(error.message).toContain('Cannot POST')
  expect(api.counts()).toEqual({ '/auth/login': 1 })
})
