import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { expect, onTestFinished, test } from 'vitest'
import { clientFromEnv } from '../openapi-fetch/src/client.ts'

const user = { email: 'ada@example.com', password: 'CANARY-7f3a-password' }

async function start(password: string | undefined = user.password) {
  const double = createNocoDBDouble()
  double.control.addUser(user)
  const { tableId } = double.control.addTable()
  const server = await listen(double)
  onTestFinished(() => server.close())
  const env = { NOCODB_URL: server.url, NOCODB_EMAIL: user.email, NOCODB_PASSWORD: password }
  return { control: double.control, table: { path: { tableId } }, ...clientFromEnv(env) }
}

const bases = '/api/v2/meta/bases'
const records = '/api/v2/tables/{tableId}/records'

test('a write whose token is refused is sent again, once and whole', async () => {
  const { api, control, table } = await start()
  await api.GET(bases)
  control.revokeAccessTokens(user.email)
  const { data: created } = await api.POST(records, { params: table, body: { Title: 'Buy milk' } })
  expect(created?.Id).toBe(1)
  const { data } = await api.GET(records, { params: table })
  expect(data?.list.map(({ Id, Title }) => [Id, Title])).toEqual([[1, 'Buy milk']])
  expect(control.counts()).toMatchObject({ signIns: 1, renewals: 1, unauthorized: 1 })
})

test('a middleware sees each request once: without the token, and with the last answer', async () => {
  const { api, control } = await start()
  await api.GET(bases)
  control.revokeAccessTokens(user.email)
  const seen: unknown[] = []
  api.use({
    onRequest: ({ request }) => void seen.push(request.headers.get('xc-auth')),
    onResponse: ({ response }) => void seen.push(response.status),
  })
  await api.GET(bases)
  expect(seen).toEqual([null, 200])
  expect(control.counts().unauthorized).toBe(1)
})

test('if a middleware sets the token itself, Latchkey does not add one', async () => {
  const { api, noco, control } = await start()
  api.use({ onRequest: ({ request }) => request.headers.set('xc-auth', 'one of yesterday') })
  const { error, response } = await api.GET(bases)
  expect(error).toMatchObject({ error: 'ERR_AUTHENTICATION_REQUIRED' })
  expect(noco.explain(response)?.code).toBe('ERR_OWN_CREDENTIAL')
  expect(control.counts()).toMatchObject({ signIns: 0, renewals: 0 })
})

test('a fetch that is passed to one call replaces ours', async () => {
  const { api } = await start()
  const { response } = await api.GET(bases, { fetch })
  expect(response.status).toBe(401)
})

test('a 401 that a new token does not cure is an `error`, and explain() has the reason', async () => {
  const { api, noco, control } = await start()
  control.failNext('data', 2, { status: 401 })
  const { data, response } = await api.GET(bases)
  expect(data).toBeUndefined()
  expect(response.status).toBe(401)
  expect(noco.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
})

test('explain() has no reason for a Response that a middleware made', async () => {
  const { api, noco, control } = await start()
  api.use({ onResponse: ({ response }) => new Response(response.body, response) })
  control.failNext('data', 2, { status: 401 })
  const { response } = await api.GET(bases)
  expect(response.status).toBe(401)
  expect(noco.explain(response)).toBeUndefined()
})

test('without a way to sign in the call rejects, and `onError` may turn that into an answer', async () => {
  const { api } = await start('')
  await expect(api.GET(bases)).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  api.use({ onError: () => Response.json({ message: 'Please sign in.' }, { status: 401 }) })
  const { error } = await api.GET(bases)
  expect(error?.message).toBe('Please sign in.')
})
