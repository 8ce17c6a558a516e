import { registerAuth } from '@latchkey/axios'
import { bearer } from '@latchkey/core'
import { create, isCancel } from 'axios'
import { beforeEach, describe, expect, test } from 'vitest'
import { formOf, openWorld, redirectTo, type World } from './support/world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})

describe.each(['xhr', 'fetch'] as const)('axios with the %s adapter, in a browser', (adapter) => {
  function signedIn(manager = world.staleManager()) {
    const instance = create({ baseURL: world.api, adapter })
    registerAuth(instance, manager)
    return instance
  }

  test('sends the token to its origin and to no other', async () => {
    const api = signedIn()
    expect((await api.get('/items')).status).toBe(200)
    expect((await api.get(`${world.other}/items`)).status).toBe(200)
    const { seen, token } = await world.state()
    const [foreign] = seen.filter(({ at }) => at === 'other')
    expect(foreign?.headers).not.toHaveProperty('xc-auth')
    expect(
      seen.findLast(({ at, path }) => at === 'api' && path === '/items')?.headers,
    ).toMatchObject({
      'xc-auth': token,
    })
  })

  test('20 concurrent requests with a dead token: 20 successes, 1 renewal', async () => {
    const api = signedIn()
    const responses = await Promise.all(Array.from({ length: 20 }, () => api.get('/items')))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await world.state()).renewals).toBe(1)
  })

  test('a FormData body is replayed byte for byte', async () => {
    const form = new FormData()
    form.set('title', 'Grüße')
    form.set('file', new Blob(['bytes']), 'file.txt')
    expect((await signedIn().post('/items', form)).status).toBe(200)
    const { seen } = await world.state()
    const [first, second, ...more] = seen.filter(({ path }) => path === '/items').map(formOf)
    expect(first).toContain('file.txt')
    expect(second).toBe(first)
    expect(more).toEqual([])
  })

  test("a waiter's abort settles at once and disturbs nobody", async () => {
    const api = signedIn()
    const renewal = await world.holdRenewals()
    const controller = new AbortController()
    const aborted = api
      .get('/items', { signal: controller.signal })
      .catch((error: unknown) => error)
    await renewal.started
    const other = api.get('/items')
    controller.abort()
    expect(isCancel(await aborted)).toBe(true)
    await renewal.release()
    expect((await other).status).toBe(200)
    expect((await world.state()).renewals).toBe(1)
  })

  test('a redirect within the origin keeps the token, with the bearer scheme', async () => {
    const api = signedIn(world.staleManager({ scheme: bearer() }))
    expect((await api.get(redirectTo(`${world.api}/items`))).status).toBe(200)
  })

  test('Authorization does not follow a redirect to another origin', async () => {
    const api = signedIn(world.staleManager({ scheme: bearer() }))
    await api.get('/items')
    expect((await api.get(redirectTo(`${world.other}/open`))).status).toBe(200)
    const { seen } = await world.state()
    expect(seen.at(-1)?.at).toBe('other')
    expect(seen.at(-1)?.headers).not.toHaveProperty('authorization')
  })

  test('a second 401 is an AxiosError with the reason as cause', async () => {
    await expect(signedIn().get('/denied')).rejects.toMatchObject({
      response: { status: 401, data: { msg: 'Invalid token' } },
      cause: { code: 'ERR_FRESH_TOKEN_REJECTED' },
    })
  })

  test('a grant that uses the very client it serves, and passes its signal on, does not wait for itself', async () => {
    const api = create({ baseURL: world.api, adapter })
    const grant = {
      name: 'through the client',
      request: async ({ signal }: { signal: AbortSignal }) =>
        (await api.post('/renew', undefined, { signal })).data,
    }
    registerAuth(api, world.staleManager({ grants: [grant] }))
    expect((await api.get('/items')).status).toBe(200)
    expect((await world.state()).renewals).toBe(1)
  })
})

describe('a redirect with xc-auth to another origin, in a browser', () => {
  async function redirected(adapter?: 'xhr' | 'fetch') {
    const api = create({ baseURL: world.api, ...(adapter && { adapter }) })
    registerAuth(api, world.staleManager())
    await api.get('/items')
    const error = await api
      .get(redirectTo(`${world.other}/open`))
      .catch((reason: unknown) => reason)
    const { seen } = await world.state()
    return { error, foreign: seen.filter(({ at }) => at === 'other') }
  }

  test('is refused with the fetch adapter: ERR_REDIRECT_REFUSED, and nothing is sent there', async () => {
    const { error, foreign } = await redirected('fetch')
    expect(error).toMatchObject({ cause: { code: 'ERR_REDIRECT_REFUSED' } })
    expect(foreign).toEqual([])
  })

  test('is refused when axios chooses the adapter: fetch is taken then', async () => {
    const { error, foreign } = await redirected()
    expect(error).toMatchObject({ cause: { code: 'ERR_REDIRECT_REFUSED' } })
    expect(foreign).toEqual([])
  })

  test('is followed by an XMLHttpRequest asked for by name, which takes xc-auth along where that server allows it', async () => {
    const { foreign } = await redirected('xhr')
    expect(foreign.map(({ headers }) => 'xc-auth' in headers)).toEqual([true])
  })
})
