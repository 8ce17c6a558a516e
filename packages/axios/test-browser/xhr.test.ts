import { registerAuth } from '@latchkey/axios'
import { bearer, type Grant, memoryStore } from '@latchkey/core'
import { type AxiosProgressEvent, create, type CreateAxiosDefaults, getAdapter } from 'axios'
import { beforeEach, describe, expect, test } from 'vitest'
import { openWorld, redirectTo, type World } from '../../testing/test/support/browser-world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})

describe('a redirect with xc-auth to another origin, in a browser', () => {
  async function redirected(adapter?: 'fetch') {
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

  test('is refused when axios chooses the adapter, because it then uses fetch', async () => {
    const { error, foreign } = await redirected()
    expect(error).toMatchObject({ cause: { code: 'ERR_REDIRECT_REFUSED' } })
    expect(foreign).toEqual([])
  })
})

describe('an XMLHttpRequest chosen by name, in a browser', () => {
  test.each([
    ['its name', 'xhr'],
    ['its function', getAdapter('xhr')],
  ] as const)(
    'with xc-auth is not sent, and the error says what to do: by %s',
    async (_, adapter) => {
      const api = create({ baseURL: world.api, adapter })
      registerAuth(api, world.staleManager())
      await expect(api.get('/items')).rejects.toMatchObject({
        code: 'ERR_UNSAFE_TRANSPORT',
        message: expect.stringContaining("`adapter: 'fetch'`"),
      })
      const { seen } = await world.state()
      expect(seen.filter(({ path }) => path === '/items')).toEqual([])
    },
  )

  test("is sent to another origin, without the manager's token, whatever the caller's headers", async () => {
    const api = create({ baseURL: world.other, adapter: 'xhr', headers: { 'x-mine': '1' } })
    registerAuth(api, world.staleManager())
    expect((await api.get('/open')).status).toBe(200)
  })
})

describe('a request with xc-auth, which axios would have sent with an XMLHttpRequest', () => {
  const registered = (config: CreateAxiosDefaults = {}) => {
    const api = create({ baseURL: world.api, ...config })
    registerAuth(api, world.staleManager())
    return api
  }
  /** Sends nothing, and ends as an aborted request does. */
  const never = (request: Request) =>
    new Promise<Response>((_, reject) => {
      request.signal.addEventListener('abort', () => reject(request.signal.reason))
    })
  const withFetch = (send: (request: Request) => Promise<Response>) =>
    registered({ env: { fetch: send as typeof fetch } } as CreateAxiosDefaults)

  test.each(['get', 'head'])('has no body in a %s', async (method) => {
    const answer = await registered().request({ url: '/items', method, data: {} })
    expect(answer.status).toBe(200)
  })

  test('has no content type without a body', async () => {
    await registered({ headers: { 'Content-Type': 'application/json' } }).get('/items')
    const { seen } = await world.state()
    const items = seen.filter(({ path, method }) => path === '/items' && method === 'GET')
    expect(items.map(({ headers }) => headers['content-type'])).toEqual([undefined, undefined])
  })

  test('sends the cookies of the page’s own origin, also with `withCredentials: false`', async () => {
    const seen: RequestCredentials[] = []
    const api = withFetch(async ({ credentials }) => {
      seen.push(credentials)
      return new Response()
    })
    for (const options of [{}, { withCredentials: false }, { withCredentials: true }])
      await api.get('/', options)
    expect(seen).toEqual(['same-origin', 'same-origin', 'include'])
  })

  test('ignores the limits of other adapters', async () => {
    const limits = { maxBodyLength: 1, maxContentLength: 1 }
    expect((await registered(limits).post('/items', 'abc')).status).toBe(200)
  })

  test.each([
    [{}, { code: 'ECONNABORTED', message: 'timeout of 30ms exceeded' }],
    [{ timeoutErrorMessage: 'too slow' }, { code: 'ECONNABORTED', message: 'too slow' }],
    [{ transitional: { clarifyTimeoutError: true } }, { code: 'ETIMEDOUT' }],
  ])('has the error of a time-out: %j', async (options, error) => {
    await expect(withFetch(never).get('/', { timeout: 30, ...options })).rejects.toMatchObject(
      error,
    )
  })

  test('has the error of a cancelled request', async () => {
    const controller = new AbortController()
    const api = withFetch((request) => {
      queueMicrotask(() => controller.abort())
      return never(request)
    })
    await expect(api.get('/', { signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_CANCELED',
      message: 'canceled',
    })
  })

  test('reports the whole of a form, and nothing without a body', async () => {
    const events: unknown[] = []
    const onUploadProgress = ({ loaded, total }: AxiosProgressEvent) => events.push([loaded, total])
    const api = registered({ onUploadProgress })
    await api.get('/items')
    expect(events).toEqual([])
    const form = new FormData()
    form.set('title', 'é')
    form.set('file', new Blob(['12345']))
    await api.post('/items', form)
    expect(events).toEqual([[7, 7]])
  })
})

test('a 401 after redirects that the browser followed with axios’ fetch adapter keeps the session', async () => {
  const store = memoryStore()
  const manager = world.staleManager({ scheme: bearer(), grants: [noGrant], store })
  await manager.setTokens({ accessToken: 'stale' })
  const api = create({ baseURL: world.api, adapter: 'fetch', validateStatus: null })
  registerAuth(api, manager)
  const back = `${world.other}${redirectTo(`${world.api}/items`)}`
  expect((await api.get(redirectTo(back))).status).toBe(401)
  expect(manager.state.status).toBe('signedIn')
})

const noGrant: Grant = { name: 'none', request: async () => undefined }
