import { createNocoDBDouble } from '@latchkey/testing'
import { nocodbHandlers } from '@latchkey/testing/msw'
import { listen } from '@latchkey/testing/node'
import { setupServer } from 'msw/node'
import { afterEach, describe, expect, test } from 'vitest'
import { ada, bases, clientOf, withAda } from './nocodb-client.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function listening(basePath?: string) {
  const { double, control } = withAda(createNocoDBDouble())
  const server = await listen(double, basePath === undefined ? {} : { basePath })
  cleanups.push(() => server.close())
  return { double, control, server, ...clientOf(fetch, server.url) }
}

function mocking(baseUrl: string) {
  const { double, control } = withAda(createNocoDBDouble())
  const msw = setupServer(...nocodbHandlers(double, baseUrl))
  msw.listen({ onUnhandledFrame: 'error' })
  cleanups.push(() => msw.close())
  return { double, control, ...clientOf(fetch, baseUrl) }
}

describe('in process', () => {
  test('the double is a fetch: a URL, a string or a request, from any host', async () => {
    const { fetch: send } = createNocoDBDouble()
    const url = 'https://any.test/api/v1/meta/nocodb/info'
    const answers = [await send(url), await send(new URL(url)), await send(new Request(url))]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers.map((answer) => answer.url)).toEqual([url, url, url])
  })
})

describe('over HTTP', () => {
  test('the server listens on a loopback port of its own and sets real cookies', async () => {
    const { server, signIn, refresh, get } = await listening()
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const { accessToken, cookie } = await signIn()
    expect((await get(bases, { 'xc-auth': accessToken })).status).toBe(200)
    expect((await refresh(cookie)).status).toBe(200)
  })

  test.each(['/nocodb', 'nocodb/', '/a/b'])(
    'the base path %s carries the whole server',
    async (path) => {
      const { server, signIn, get } = await listening(path)
      expect(server.url).toMatch(/\/(nocodb|a\/b)$/)
      const { accessToken } = await signIn()
      expect((await get(bases, { 'xc-auth': accessToken })).status).toBe(200)
      const outside = await fetch(new URL(bases, server.url))
      expect(outside.status).toBe(404)
    },
  )

  test('a network fault cuts the connection', async () => {
    const { control, get } = await listening()
    control.failNext('data', 1, 'network')
    await expect(get(bases)).rejects.toThrow('fetch failed')
    expect((await get(bases)).status).toBe(401)
  })

  test('a lost answer cuts the connection after the work', async () => {
    const { control, signIn, refresh } = await listening()
    const { cookie } = await signIn()
    control.failNext('renewal', 1, 'lost answer')
    await expect(refresh(cookie)).rejects.toThrow('fetch failed')
    expect((await refresh(cookie)).status).toBe(400)
  })

  test('a taken port rejects', async () => {
    const { server } = await listening()
    const port = Number(new URL(server.url).port)
    await expect(listen(createNocoDBDouble(), { port })).rejects.toThrow('EADDRINUSE')
  })

  test('a closed server is gone, also with a request in it', async () => {
    const { control, double } = withAda(createNocoDBDouble())
    const server = await listen(double)
    const hold = control.hold('data')
    const answer = fetch(server.url + bases).catch((error: unknown) => error)
    await hold.whenWaiting()
    await server.close()
    await expect(answer).resolves.toBeInstanceOf(TypeError)
    await expect(fetch(server.url + bases)).rejects.toThrow('fetch failed')
    hold.release()
  })

  test('the globals of the process stay as they are', async () => {
    const before = [Request, Response]
    await listening()
    expect([Request, Response]).toEqual(before)
  })
})

describe('in MSW', () => {
  test.each(['https://nocodb.test', 'https://host.test/nocodb', 'https://host.test/nocodb/'])(
    'the handlers answer everything under %s',
    async (baseUrl) => {
      mocking(baseUrl)
      const { signIn, refresh, get } = clientOf(fetch, baseUrl.replace(/\/$/, ''))
      const { accessToken, cookie } = await signIn()
      expect((await get(bases, { 'xc-auth': accessToken })).status).toBe(200)
      expect((await refresh(cookie)).status).toBe(200)
    },
  )

  test('a cookie that the client does not send is not sent', async () => {
    const { signIn, call } = mocking('https://nocodb.test')
    await signIn()
    const answer = await call('POST', '/api/v1/auth/token/refresh')
    expect(answer).toMatchObject({ status: 400, body: { msg: 'Missing refresh token' } })
  })

  test('a network fault is a network error', async () => {
    const { control, get } = mocking('https://nocodb.test')
    control.failNext('data', 1, 'network')
    await expect(get(bases)).rejects.toThrow(TypeError)
    expect((await get(bases)).status).toBe(401)
  })
})

test('one double may be reached in all ways at once', async () => {
  const { double, control, signIn } = await listening()
  const { accessToken } = await signIn()
  const inProcess = clientOf(double.fetch)
  expect((await inProcess.get(bases, { 'xc-auth': accessToken })).status).toBe(200)
  expect(control.counts()).toMatchObject({ signIns: 1, dataRequests: 1 })
  expect((await inProcess.signIn(ada)).answer.status).toBe(200)
})
