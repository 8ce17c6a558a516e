import { type NocoDB, nocodb } from '@latchkey/nocodb'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { statusesOf, subjects } from './support/subjects.ts'

const user = { email: 'ada@example.com', password: 'correct horse' }
const path = '/api/v2/meta/bases'
const double = createNocoDBDouble()
let server: ListeningServer

beforeAll(async () => {
  double.control.addUser(user)
  server = await listen(double, { basePath: '/nocodb' })
})
afterAll(() => server.close())
beforeEach(() => double.control.resetCounts())

describe.each(subjects)('$name and NocoDB', ({ subject }) => {
  const connect = (manager: NocoDB) => subject.connect({ manager, baseUrl: server.url })

  test('30 requests at once sign in once', async () => {
    const send = connect(nocodb({ baseUrl: server.url, ...user }))
    expect(await statusesOf(30, () => send(path))).toEqual([200])
    expect(double.control.counts()).toMatchObject({ signIns: 1, renewals: 0, dataRequests: 30 })
  })

  test('30 requests at once across an expiry renew once, with the refresh token', async () => {
    const noco = nocodb({ baseUrl: server.url, ...user })
    const send = connect(noco)
    await send(path)
    double.control.revokeAccessTokens(user.email)
    expect(await statusesOf(30, () => send(path))).toEqual([200])
    expect(double.control.counts()).toMatchObject({ signIns: 1, renewals: 1, rejectedRenewals: 0 })
    expect(new Set(double.control.log().flatMap(({ credentials }) => credentials))).toEqual(
      new Set(['xc-auth', 'cookie']),
    )
  })

  test('after a session was revoked elsewhere the password signs in again, once', async () => {
    const send = connect(nocodb({ baseUrl: server.url, ...user }))
    await send(path)
    double.control.revokeSessions(user.email)
    expect(await statusesOf(10, () => send(path))).toEqual([200])
    expect(double.control.counts()).toMatchObject({ signIns: 2, rejectedRenewals: 1 })
  })

  test('a wrong password is sent once and has its own code', async () => {
    const noco = nocodb({ baseUrl: server.url, ...user, password: 'wrong password' })
    const send = connect(noco)
    const results = await Promise.all([send(path), send(path), send(path)])
    const codes = results.map(({ result }) => (result as { code?: string }).code)
    expect(new Set(codes)).toEqual(new Set(['ERR_WRONG_CREDENTIALS']))
    expect(double.control.counts().rejectedSignIns).toBe(1)
  })

  test('a revoked API token is explained, and no sign-in is tried', async () => {
    const { id, token } = double.control.createApiToken(user.email)
    const noco = nocodb({ baseUrl: server.url, apiToken: token })
    const send = connect(noco)
    expect((await send(path)).status).toBe(200)
    double.control.revokeApiToken(id)
    const { status, result } = await send(path)
    expect(status).toBe(401)
    expect(noco.explain(result)?.code).toBe('ERR_API_TOKEN_REJECTED')
    expect(double.control.counts()).toMatchObject({ signIns: 0, renewals: 0, dataRequests: 2 })
  })
})

test('all clients on one session: 30 requests across an expiry renew once', async () => {
  const noco = nocodb({ baseUrl: server.url, ...user })
  const senders = subjects.map(({ subject }) =>
    subject.connect({ manager: noco, baseUrl: server.url }),
  )
  await senders[0]!(path)
  double.control.revokeAccessTokens(user.email)
  expect(await statusesOf(30, (at) => senders[at % senders.length]!(path))).toEqual([200])
  expect(double.control.counts()).toMatchObject({ signIns: 1, renewals: 1 })
})
