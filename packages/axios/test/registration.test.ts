import { registerAuth } from '@latchkey/axios'
import { type AxiosAdapter, AxiosError, create as createAxios } from 'axios'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, startApi } from '../../testing/test/support/api.ts'

let api: Api
beforeEach(async () => {
  api = await startApi()
})
afterEach(() => api.close())

describe('registering', () => {
  test('twice sends one token and replays once', async () => {
    const instance = createAxios({ baseURL: api.url })
    const manager = api.staleManager()
    registerAuth(instance, manager)
    registerAuth(instance, manager)
    expect((await instance.get('/')).status).toBe(200)
    expect([api.seen.length, api.renewals]).toEqual([2, 1])
  })

  test('twice wraps the adapter once', async () => {
    const instance = createAxios({ baseURL: api.url })
    const manager = api.staleManager()
    const seen: unknown[] = []
    registerAuth(instance, manager)
    instance.interceptors.request.use((config) => {
      seen.push(config.adapter) // between the two: the last one added runs first
      return config
    })
    registerAuth(instance, manager)
    const { config } = await instance.get('/')
    expect(seen).toEqual([config.adapter])
  })

  test('sends each request through the adapter that it names', async () => {
    const seen: string[] = []
    const named = (name: string): AxiosAdapter => {
      return async (config) => {
        seen.push(config.headers.has('xc-auth') ? name : 'none')
        return { data: '', status: 200, statusText: '', headers: {}, config }
      }
    }
    const [a, b] = [named('a'), named('b')]
    const instance = createAxios({ baseURL: api.url, adapter: a })
    registerAuth(instance, api.staleManager())
    await instance.get('/')
    await instance.get('/', { adapter: b })
    await instance.get('/', { adapter: ['fetch', b] })
    await instance.get('/', { adapter: [b, 'fetch'] })
    await instance.get('/')
    expect(seen).toEqual(['a', 'b', 'b', 'a'])
    expect(api.seen).toHaveLength(2) // ['fetch', b], answered 401 and replayed
  })

  test('a header that is undefined counts as absent', async () => {
    const sent: unknown[] = []
    const adapter: AxiosAdapter = async (config) => {
      sent.push(config.headers.get('xc-auth'), Object.keys(config.headers).length)
      return { data: '', status: 200, statusText: '', headers: {}, config }
    }
    const instance = createAxios({ baseURL: api.url, adapter })
    registerAuth(instance, api.staleManager())
    await instance.get('/', { headers: { 'Xc-Auth': undefined, accept: 'text/plain' } })
    await instance.get('/', { headers: { accept: 'text/plain' } })
    expect(sent.slice(0, 2)).toEqual(sent.slice(2))
    expect(sent[0]).toMatch(/^CANARY/)
  })

  test('with another address of the same machine sends no token, and its 401 is explained', async () => {
    const adapter: AxiosAdapter = async (config) => {
      const response = { data: '', status: 401, statusText: '', headers: {}, config }
      throw new AxiosError('Request failed', 'ERR_BAD_REQUEST', config, undefined, response)
    }
    const instance = createAxios({ baseURL: api.url.replace('127.0.0.1', 'localhost'), adapter })
    const manager = api.staleManager()
    registerAuth(instance, manager)
    const error: unknown = await instance.get('/').catch((thrown: unknown) => thrown)
    expect(manager.explain(error)?.code).toBe('ERR_OTHER_ORIGIN')
    expect(error).toMatchObject({ cause: { code: 'ERR_OTHER_ORIGIN' } })
  })

  test('two managers serve one instance, each its own origin', async () => {
    const other = await startApi()
    const instance = createAxios()
    registerAuth(instance, api.staleManager())
    registerAuth(instance, other.staleManager())
    expect((await instance.get(`${api.url}/a`)).status).toBe(200)
    expect((await instance.get(`${other.url}/b`)).status).toBe(200)
    expect(api.seen.map(({ headers }) => headers['xc-auth'])).toEqual(['CANARY-stale', api.token])
    expect(other.seen.map(({ headers }) => headers['xc-auth'])).toEqual([
      'CANARY-stale',
      other.token,
    ])
    await other.close()
  })

  test('one manager serves two instances with one renewal', async () => {
    const manager = api.staleManager()
    const instances = [createAxios({ baseURL: api.url }), createAxios({ baseURL: api.url })]
    for (const instance of instances) registerAuth(instance, manager)
    const renewal = api.holdRenewals()
    const pending = Promise.all(instances.map((instance) => instance.get('/')))
    await renewal.started
    renewal.release()
    expect((await pending).map(({ status }) => status)).toEqual([200, 200])
    expect(api.renewals).toBe(1)
  })
})

describe('unregistering', () => {
  test('leaves no interceptor and no adapter behind', async () => {
    const instance = createAxios({ baseURL: api.url, validateStatus: null })
    const { adapter } = instance.defaults
    const unregister = registerAuth(instance, api.staleManager())
    await instance.get('/')
    unregister()
    const { handlers } = instance.interceptors.request as unknown as { handlers: unknown[] }
    expect(handlers.filter(Boolean)).toEqual([])
    expect(instance.defaults.adapter).toBe(adapter)
    expect((await instance.get('/')).status).toBe(401)
    expect(api.seen.at(-1)?.headers['xc-auth']).toBeUndefined()
  })

  test('a request in progress continues', async () => {
    const instance = createAxios({ baseURL: api.url })
    const unregister = registerAuth(instance, api.staleManager())
    const renewal = api.holdRenewals()
    const pending = instance.get('/')
    await renewal.started
    unregister()
    renewal.release()
    expect((await pending).status).toBe(200)
  })

  test('twice does not affect a later registration', async () => {
    const instance = createAxios({ baseURL: api.url })
    const unregister = registerAuth(instance, api.staleManager())
    unregister()
    registerAuth(instance, api.staleManager())
    unregister()
    expect((await instance.get('/')).status).toBe(200)
  })
})
