import { memoryStore } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { createNocoDBDouble, serverVersions } from '@latchkey/testing'
import { nocodbHandlers } from '@latchkey/testing/msw'
import { listen } from '@latchkey/testing/node'
import { setupServer } from 'msw/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nocodb } from '../src/index.ts'
import { ada, BASE_URL, codeOf, root } from './support/server.ts'

/** A double with the time of this machine, which passes as a test says. */
function livingDouble(version: (typeof serverVersions)[number]) {
  const double = createNocoDBDouble({ version, accessTokenLifetimeMs: 10_000 })
  for (const user of [root, ada]) double.control.addUser(user)
  const { tableId } = double.control.addTable()
  return { double, control: double.control, path: `/api/v2/tables/${tableId}/records` }
}

/** What everybody does with a session, from its start to its end. */
async function liveThrough(baseUrl: string, { control, path }: ReturnType<typeof livingDouble>) {
  const store = memoryStore()
  const noco = nocodb({ baseUrl, ...ada, store })
  const read = async (manager = noco) => {
    const response = await authorizedFetch(manager, fetch)(baseUrl + path)
    await response.text()
    return response.status
  }
  const readMany = () => Promise.all(Array.from({ length: 20 }, () => read()))
  expect(new Set(await readMany())).toEqual(new Set([200]))
  control.passTime(11_000)
  expect(new Set(await readMany())).toEqual(new Set([200]))
  const next = nocodb({ baseUrl, store })
  expect((await next.me()).email).toBe(ada.email)
  expect(control.counts()).toMatchObject({ signIns: 1, renewals: 1, rejectedRenewals: 0 })
  control.revokeSessions(ada.email)
  expect(await read()).toBe(200)
  expect(control.counts()).toMatchObject({ signIns: 2, rejectedRenewals: 1 })
  await noco.signOut()
  expect(await codeOf(read())).toBe('ERR_SIGN_IN_REQUIRED')
  expect(control.counts().signOuts).toBe(1)
}

describe.each(serverVersions)('a session with %s', (version) => {
  it('over HTTP', async () => {
    const living = livingDouble(version)
    const server = await listen(living.double, { basePath: '/nocodb' })
    await expect(liveThrough(server.url, living)).resolves.toBeUndefined()
    await server.close()
  })
})

describe('a session through MSW', () => {
  const living = livingDouble('0.301.3')
  const server = setupServer(...nocodbHandlers(living.double, `${BASE_URL}/nocodb`))
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterAll(() => server.close())

  it('signs in and renews', async () => {
    await expect(liveThrough(`${BASE_URL}/nocodb`, living)).resolves.toBeUndefined()
  })
})

describe('a real redirect', () => {
  it('of a sign-in is not followed', async () => {
    const { createServer } = await import('node:http')
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(request.url)
      response.writeHead(307, { location: '/elsewhere' }).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const noco = nocodb({ baseUrl: `http://127.0.0.1:${port}` })
    expect(await codeOf(noco.signIn(ada))).toBe('ERR_REDIRECT_REFUSED')
    expect(asked).toEqual(['/api/v1/auth/user/signin'])
    server.closeAllConnections()
    server.close()
  })
})
