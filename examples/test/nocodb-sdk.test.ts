import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { expect, onTestFinished, test } from 'vitest'
import { sdkFromEnv } from '../nocodb-sdk/src/sdk.ts'

const user = { email: 'ada@example.com', password: 'CANARY-7f3a-password' }

async function start() {
  const double = createNocoDBDouble()
  double.control.addUser(user)
  const { baseId, tableId } = double.control.addTable()
  const server = await listen(double)
  onTestFinished(() => server.close())
  const { url: NOCODB_URL } = server
  const open = (more: Record<string, string>) => sdkFromEnv({ NOCODB_URL, ...more })
  const withPassword = { NOCODB_EMAIL: user.email, NOCODB_PASSWORD: user.password }
  return { control: double.control, baseId, tableId, open, withPassword }
}

test('many calls at once with a rejected token make one renewal', async () => {
  const { control, tableId, baseId, open, withPassword } = await start()
  const { api } = open(withPassword)
  await api.base.list()
  control.revokeAccessTokens(user.email)
  const calls = Array.from({ length: 10 }, (_, at) => [
    api.dbTable.list(baseId),
    api.dbDataTableRow.create(tableId, { Title: `Note ${at}` }),
  ])
  await Promise.all(calls.flat())
  const { list } = await api.dbDataTableRow.list(tableId, { limit: 100 })
  expect(list).toHaveLength(10)
  expect(control.counts()).toMatchObject({ signIns: 1, renewals: 1 })
})

test('the SDK’s own credential header wins, and the caller gets its 401', async () => {
  const { open, withPassword, control } = await start()
  const { api, noco } = open(withPassword)
  const headers = { 'xc-token': 'one of yesterday' }
  const error = await api.base.list({ headers }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'AxiosError', response: { status: 401 } })
  expect(noco.explain(error)?.code).toBe('ERR_OWN_CREDENTIAL')
  expect(control.counts().signIns).toBe(0)
})

test('after the SDK’s own sign-out the manager signs in again; after the manager’s it does not', async () => {
  const { open, withPassword, control } = await start()
  const { api, noco } = open(withPassword)
  await api.base.list()
  await api.auth.signout()
  await api.base.list()
  expect(control.counts()).toMatchObject({ signIns: 2, signOuts: 1 })
  await noco.signOut()
  await expect(api.base.list()).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
})

test('only the caller gets the token of the SDK’s own sign-in', async () => {
  const { open, control } = await start()
  const { api, noco } = open({})
  expect((await api.auth.signin(user)).token).toEqual(expect.any(String))
  expect(await noco.isSignedIn()).toBe(false)
  await noco.signIn(user)
  await api.base.list()
  expect(control.counts().signIns).toBe(2)
})
